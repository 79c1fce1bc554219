/** What the heartbeat's thread decides by itself, on a virtual clock; the thread and Redis are in the other files. */
import { beginHeartbeat, CONTROL, type HeartbeatMessage } from '../../../src/adapters/redis/heartbeat';
import { VITALS, VITALS_BYTES } from '../../../src/ports/leases';
import { createVirtualClock, turns } from '../../lifecycle/virtualClock';

const [LEASE_MS, HEARTBEAT_MS] = [1600, 400];

/** A session with one task in hand, whose first renewal was answered and none after it. */
const start = async () => {
  const clock = createVirtualClock();
  const vitals = new Int32Array(new SharedArrayBuffer(VITALS_BYTES));
  Atomics.store(vitals, VITALS.held, 1);
  const control = new Int32Array(new SharedArrayBuffer(12));
  const told: HeartbeatMessage['kind'][] = [];
  const kills: number[] = [];
  let answers = true;
  let generation = '1';
  beginHeartbeat({
    spec: {
      session: 's',
      worker: 'w',
      inbox: 0,
      description: '{}',
      generation: '1',
      prefix: 'p:',
      leaseMs: LEASE_MS,
      heartbeatMs: HEARTBEAT_MS,
      stalledMs: 2000,
      firstLeaseEndsAt: LEASE_MS,
      vitals,
      control,
      vouched: new BigInt64Array(new SharedArrayBuffer(8)),
      renewed: new BigInt64Array(new SharedArrayBuffer(8)),
    },
    // Redis is trusted again so long after it lost its memory.
    ask: () => (answers ? Promise.resolve(['ok', generation, '', String(LEASE_MS - 300)]) : Promise.reject(new Error('away'))),
    clock,
    tell: ({ kind }) => told.push(kind),
    kill: () => kills.push(clock.monotonic()),
    onError: () => undefined,
  });
  await turns();
  answers = false;
  const live = async (ms: number, beats: boolean): Promise<void> => {
    for (let passed = 0; passed < ms; passed += 50) {
      if (beats) Atomics.add(vitals, VITALS.beats, 1);
      await clock.advance(50);
    }
  };
  const forget = (): void => {
    answers = true;
    generation = '2';
  };
  return { told, kills, control, live, vitals, forget };
};

test('where the main loop stands still as the lease ends, the process is ended at once', async () => {
  const { told, kills, live } = await start();
  await live(LEASE_MS - 50, false);
  expect(kills).toEqual([]);
  await live(50, false);
  expect([told.at(-1), kills]).toEqual(['ended', [LEASE_MS]]);
});

test('where the main loop has stood still for a moment only, too: it was looked at shortly before', async () => {
  const { told, kills, live } = await start();
  await live(LEASE_MS - 150, true);
  await live(150, false);
  expect([told.at(-1), kills]).toEqual(['ended', [LEASE_MS]]);
});

test('a main loop that turns has a quarter of a second to hear of it', async () => {
  const { told, kills, live } = await start();
  await live(LEASE_MS + 200, true);
  expect([told.at(-1), kills]).toEqual(['ended', []]);
  await live(50, true);
  expect(kills).toEqual([LEASE_MS + 250]);
});

test('and is left alone once it has heard', async () => {
  const { kills, control, live } = await start();
  await live(LEASE_MS, true);
  Atomics.store(control, CONTROL.acknowledged, 1);
  await live(1000, true);
  expect(kills).toEqual([]);
});

const SAID_BY = HEARTBEAT_MS + LEASE_MS - 300;

test('after a loss of memory a session whose claims nobody says again ends when Redis is trusted once more, though it is renewed', async () => {
  const { told, kills, live, forget } = await start();
  forget();
  await live(SAID_BY - 50, false);
  expect([told.at(-1), kills]).toEqual(['forgotten', []]);
  await live(50, false);
  expect([told.at(-1), kills]).toEqual(['ended', [SAID_BY]]);
});

test('it lives on once they are said, and where it holds nothing', async () => {
  const said = await start();
  said.forget();
  await said.live(HEARTBEAT_MS, true);
  Atomics.store(said.control, CONTROL.said, 1);
  await said.live(3 * LEASE_MS, true);
  expect([said.told.at(-1), said.kills]).toEqual(['forgotten', []]);
  const idle = await start();
  Atomics.store(idle.vitals, VITALS.held, 0);
  idle.forget();
  await idle.live(3 * LEASE_MS, false);
  expect([idle.told.at(-1), idle.kills]).toEqual(['forgotten', []]);
});
