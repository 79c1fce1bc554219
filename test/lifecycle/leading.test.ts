import { createMemoryLeadership } from '../../src/adapters/memory/leadership';
import { every } from '../../src/lifecycle/every';
import { leading, whileLeading, type Leading } from '../../src/lifecycle/leading';
import { createVirtualClock, turns } from './virtualClock';

const LEASE_MS = 900;

const cluster = () => {
  const clock = createVirtualClock();
  const leadership = createMemoryLeadership({ clock, leaseMs: LEASE_MS, isForgetful: () => false });
  const done: string[] = [];
  const errors: unknown[] = [];
  const changes: string[] = [];
  /** One that can be suspended: its time goes on, and it does nothing. */
  const member = (id: string) => {
    const state = { awake: true, answers: true };
    const own = {
      monotonic: () => clock.monotonic(),
      after: (ms: number, then: () => void): (() => void) =>
        clock.after(ms, () => {
          if (state.awake) then();
          else own.after(50, then);
        }),
    };
    const lead: Leading = leading({
      name: id,
      clock: own,
      leaseMs: LEASE_MS,
      ask: () => (state.answers ? leadership.lead('duty', id) : Promise.reject(new Error('away'))),
      resign: () => leadership.resign('duty', id),
      changed: (fence) => void changes.push(`${id} ${fence ?? '-'}`),
      onError: (error) => void errors.push(error),
    });
    const duty = every({
      name: 'duty',
      ms: 100,
      clock: own,
      once: whileLeading(lead, (fence) => Promise.resolve(done.push(`${id} ${fence}`)).then(() => undefined)),
      onError: () => undefined,
    });
    return { state, lead, duty };
  };
  return { clock, done, errors, changes, members: [member('a'), member('b')] as const };
};

const started = async () => {
  const all = cluster();
  for (const { lead, duty } of all.members) {
    await lead.start();
    await turns();
    await duty.start();
  }
  await all.clock.advance(1_000);
  return all;
};
const since = (done: string[]): Set<string> => new Set(done.splice(0));

test('one of several does the duty, for as long as it lives', async () => {
  const { clock, done, changes } = await started();
  await clock.advance(20 * LEASE_MS);
  expect(since(done)).toEqual(new Set(['a 1']));
  expect(changes).toEqual(['a 1']);
});

test('a leader that is suspended is followed within a lease, and does nothing when it is back', async () => {
  const { clock, done, changes, members } = await started();
  since(done);
  members[0].state.awake = false;
  await clock.advance(1.5 * LEASE_MS);
  expect(since(done)).toEqual(new Set(['b 2']));
  expect(members[0].lead.fence()).toBeUndefined();
  members[0].state.awake = true;
  await clock.advance(5 * LEASE_MS);
  expect(since(done)).toEqual(new Set(['b 2']));
  expect(changes).toEqual(['a 1', 'b 2', 'a -']);
});

test('a leader that stops makes room at once', async () => {
  const { clock, done, members } = await started();
  await members[0].lead.stop();
  await clock.advance(LEASE_MS / 3);
  since(done);
  await clock.advance(LEASE_MS);
  expect(since(done)).toEqual(new Set(['b 2']));
});

test('a leader that gets no answer stops when its lease ends, not before', async () => {
  const { clock, done, errors, members } = await started();
  since(done);
  for (const { state } of members) state.answers = false;
  await clock.advance(LEASE_MS / 3);
  expect(members[0].lead.fence()).toBe('1');
  await clock.advance(LEASE_MS);
  since(done);
  await clock.advance(LEASE_MS);
  expect([since(done).size, errors.length > 1]).toEqual([0, true]);
});
