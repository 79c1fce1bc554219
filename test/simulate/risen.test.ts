import type { PlannedDag } from '../../src/core/dag';
import { mintDagId } from '../../src/core/ids';
import { planOf, plannedTask } from '../core/model';
import { START_MS } from './cluster';
import type { Entry } from './history';
import { risenWithRight } from './risen';

const planAt = (ms: number): PlannedDag =>
  planOf(
    [plannedTask('t', [])],
    mintDagId(0, START_MS + ms, () => 0),
  );
const plan = planAt(0);
const stored = (name = 'a DAG'): Entry => ({ kind: 'stored', at: 0, dag: { ...plan, name } });
const sent = (priority: number, at: number, dispatch = 1): Entry => ({
  ...{ kind: 'sent', at, by: 's1', session: 'x', shard: 0, epoch: 1, dag: plan.dagId, task: 0 },
  ...{ dispatch, priority },
});
const found = (...entries: readonly Entry[]): number => {
  let count = 0;
  risenWithRight(entries, () => count++, { becameReady: [] });
  return count;
};
const times = (count: number, entry: Entry): Entry[] => Array.from({ length: count }, () => entry);

test('a task goes with its own priority, or with what it has risen to by its wait, two seconds for each', () => {
  expect(found(stored(), sent(5, 0))).toBe(0);
  expect(found(stored(), sent(7, 4000))).toBe(0);
  expect(found(stored(), sent(7, 2000))).toBe(1);
  expect(found(stored(), sent(7, 3800))).toBe(1);
  expect(found(stored(), sent(9, 8000))).toBe(0);
  expect(found(stored(), sent(4, 9000))).toBe(1);
  // Of a later number nobody knows since when it waits.
  expect(found(stored(), sent(9, 0, 2))).toBe(0);
});

test('a task of a DAG that was stored long after it came waits since it came', () => {
  const stored: Entry = { kind: 'stored', at: 3000, dag: plan };
  expect(found(stored, sent(7, 4000))).toBe(0);
  expect(found({ ...stored, dag: planAt(3000) }, { ...sent(7, 4000), dag: planAt(3000).dagId } as Entry)).toBe(1);
});

test('a task waits since it was queued, also where that was committed much later', () => {
  const row = { dag: plan.dagId, task: 0, dispatch: 1, status: 'COMPLETED', queuedAt: START_MS + 1000 };
  const commit = (task: object): Entry => ({ kind: 'committed', at: 6000, scheduler: 's1', batch: { tasks: [task] } }) as unknown as Entry;
  const committed = commit(row);
  const count = (...entries: readonly Entry[]): number => {
    let complaints = 0;
    risenWithRight(entries, () => complaints++, { becameReady: [{ dag: plan.dagId, task: 0, at: 6500, since: START_MS + 6000 } as never] });
    return complaints;
  };
  expect(count(stored(), sent(7, 5000))).toBe(1);
  expect(count(stored(), sent(7, 5000), committed)).toBe(0);
  expect(count(stored(), sent(9, 5000), committed)).toBe(1);
  // The first row that tells of it may be the one that waits for its second attempt.
  expect(count(stored(), sent(7, 5000), commit({ ...row, dispatch: 2, status: 'RETRYING' }))).toBe(0);
  expect(count(stored(), sent(7, 5000), commit({ ...row, dispatch: 2 }))).toBe(1);
  // A pause and its end after it was sent made it ready anew.
  const command: Entry = {
    ...{ kind: 'appended', at: 5500, log: '1', shard: 0, offset: 0n, timestamp: 0, hash: '1.0', by: 's1' },
    events: [{ type: 'commanded', id: '1', dag: plan.dagId, command: { kind: 'pause' }, by: 'user', reason: null }],
  };
  expect(count(stored(), sent(7, 5000), command)).toBe(0);
  expect(count(stored(), sent(8, 5000), command)).toBe(1);
});

test('what has aged gets no more than its share', () => {
  const aged = sent(9, 20_000, 2);
  expect(found(stored(), ...times(400, sent(5, 0)), ...times(90, aged))).toBe(0);
  expect(found(stored(), ...times(40, sent(5, 0)), ...times(90, aged))).toBeGreaterThan(0);
});

test('what is reserved needs no wait, and has a share of its own', () => {
  expect(found(stored('dag 2'), ...times(3, sent(9, 0)))).toBe(0);
  expect(found(stored('dag 2'), ...times(60, sent(9, 0)))).toBeGreaterThan(0);
});

test('nobody knows the priorities of a DAG that was commanded', () => {
  const commanded: Entry = {
    ...{ kind: 'appended', at: 0, log: '1', shard: 0, offset: 0n, timestamp: 0, hash: '1.0', by: 's1' },
    events: [{ type: 'commanded', dag: plan.dagId } as never],
  };
  expect(found(stored(), commanded, sent(9, 0))).toBe(0);
});
