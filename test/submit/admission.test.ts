import type { Failure } from '../../src/core/failure';
import type { Admission, Submission } from '../../src/ports/store';
import { createAdmission } from '../../src/submit/admission';
import { planOf, tasksOf } from '../plan/planning';

/** A store whose transactions end when the test says so, by a clock that it sets. */
const newWorld = (submissionWaitMs: number) => {
  const state = { now: 0, under: [] as { batch: readonly Submission[]; end: (tookMs: number) => Promise<void> }[], refused: [] as unknown[] };
  const admit = createAdmission({
    clock: {
      monotonic: () => state.now,
      after: (_ms, then) => {
        const turn = setImmediate(then);
        return () => {
          clearImmediate(turn);
        };
      },
    },
    announce: (name, what) => {
      if (name === 'submission.refused') state.refused.push(what);
    },
    pendingSubmissions: 1000,
    submissionWaitMs,
    store: {
      admit: (batch) =>
        new Promise<Admission[]>((resolve) => {
          state.under.push({
            batch,
            end: async (tookMs) => {
              state.now += tookMs;
              resolve(batch.map((_, i) => ({ kind: 'stored', id: i })));
              // The next transaction begins a few turns later.
              await new Promise((turn) => setImmediate(turn));
            },
          });
        }),
    },
  });
  return { state, admit };
};

const submission = (): Submission => {
  const planned = planOf({ tasks: tasksOf('only') });
  if (planned.kind !== 'planned') throw new Error('the plan is wrong');
  return { dag: planned.dag, idempotency: null };
};

test('what would wait for longer than it may, by the pace of the last transactions, is told when to come again', async () => {
  const { state, admit } = newWorld(5000);
  const first = admit(submission());
  await new Promise((turn) => setImmediate(turn));
  await state.under.shift()!.end(10_000);
  await expect(first).resolves.toMatchObject({ kind: 'stored' });

  // One is under way, two wait: 3 s each by the mean so far.
  const under = admit(submission());
  await new Promise((turn) => setImmediate(turn));
  const waiting = [admit(submission()), admit(submission())];
  const refused = (await admit(submission()).catch((error: unknown) => error)) as Failure;
  expect(refused).toMatchObject({ code: 'OVERLOADED', retryAfterSeconds: 6 });
  expect(state.refused).toEqual([{ reason: 'storage' }]);

  await state.under.shift()!.end(10);
  await state.under.shift()!.end(10);
  await expect(Promise.all([under, ...waiting])).resolves.toHaveLength(3);
  expect(state.under).toEqual([]);
});

test('whatever the pace was, what waits for nobody is taken: so the pace is known again', async () => {
  const { state, admit } = newWorld(100);
  for (const tookMs of [60_000, 1]) {
    const admitted = admit(submission());
    await new Promise((turn) => setImmediate(turn));
    await state.under.shift()!.end(tookMs);
    await expect(admitted).resolves.toMatchObject({ kind: 'stored' });
  }
});

test('what is submitted in one turn of the event loop shares a transaction', async () => {
  const { state, admit } = newWorld(1000);
  // As the server reads them: each in a piece of work of its own.
  const admitted = await new Promise<Promise<Admission>[]>((resolve) => {
    const all: Promise<Admission>[] = [];
    for (let i = 0; i < 3; i++) {
      setImmediate(() => {
        all.push(admit(submission()));
        if (all.length === 3) resolve(all);
      });
    }
  });
  await new Promise((turn) => setImmediate(turn));
  expect(state.under.map(({ batch }) => batch.length)).toEqual([3]);
  await state.under.shift()!.end(1);
  await expect(Promise.all(admitted)).resolves.toHaveLength(3);
});
