/** What a dispatch carries, as every store answers it. */
import type { PlannedDag } from '../../src/core/dag';
import { taskIdOf } from '../../src/core/ids';
import type { OwnedShard, Submission } from '../../src/ports/store';
import { at, batch, plannedDag, plannedTask, taskChange } from './records';
import { SHARDS, type OpenStore } from './store';

const LEASE_MS = 60_000;
const alone = (dag: PlannedDag): Submission[] => [{ dag, idempotency: null }];

/** `open` is called once and gives an empty store. */
export const inputsContract = (open: () => Promise<OpenStore>): void => {
  let { store, work, leases }: OpenStore = {} as OpenStore;
  let owned: OwnedShard[] = [];

  beforeAll(async () => {
    ({ store, work, leases } = await open());
    await leases.define(SHARDS);
    owned = await leases.acquire('contract', LEASE_MS, SHARDS);
  });

  test('inputs of unknown tasks are absent, names of any kind are kept', async () => {
    const dag = plannedDag({ tasks: [plannedTask('__proto__'), plannedTask('b', { dependencies: [0] })] });
    await store.admit(alone(dag));
    await store.commit(batch(at(owned, 24n), { tasks: [taskChange(dag, 0, { result: '1' })] }));
    const asked = [
      { dag: dag.dagId, task: 1 },
      { dag: dag.dagId, task: 9 },
      { dag: plannedDag().dagId, task: 0 },
    ];
    const inputs = await work.inputs(asked, Infinity);
    expect([...inputs.keys()]).toEqual([taskIdOf(dag.dagId, 1)]);
    expect(Object.entries(inputs.get(taskIdOf(dag.dagId, 1))?.upstream ?? {})).toEqual([['__proto__', '1']]);
  });

  test('a large result is read once, however many depend on it, and not at all where it is more than is asked for', async () => {
    const large = JSON.stringify('x'.repeat(262_000));
    const children = Array.from({ length: 500 }, (_, i) => plannedTask(`t${String(i)}`, { dependencies: i % 2 === 0 ? [0, 1] : [1], payload: '1' }));
    const dag = plannedDag({ tasks: [plannedTask('large'), plannedTask('small'), ...children] });
    await store.admit(alone(dag));
    const results = [taskChange(dag, 0, { result: large }), taskChange(dag, 1, { result: '2' })];
    await store.commit(batch(at(owned, 25n), { tasks: results }));
    const asked = children.map((_, i) => ({ dag: dag.dagId, task: i + 2 }));
    const before = process.cpuUsage();
    const few = [...(await work.inputs(asked, 65_536)).values()];
    expect(few.filter((inputs) => inputs === null)).toHaveLength(250);
    expect(few[1]).toEqual({ payload: '1', checkpoint: null, upstream: { small: '2' } });
    const all = await work.inputs(asked, Infinity);
    expect(all.get(taskIdOf(dag.dagId, 2))).toEqual({ payload: '1', checkpoint: null, upstream: { large, small: '2' } });
    expect(all.size).toBe(500);
    expect(process.cpuUsage(before).user / 1000).toBeLessThan(1000);
  });
};
