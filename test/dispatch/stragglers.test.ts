import { copyOf } from '../../src/core/copies';
import type { TaskOptions } from '../../src/core/dag';
import type { DagId } from '../../src/core/ids';
import { runOfPlan, type Run } from '../../src/core/run';
import type { Spread } from '../../src/core/runTimes';
import { CODE } from '../../src/core/states';
import type { LiveWorker } from '../../src/ports/leases';
import { planOf, plannedTask } from '../core/model';
import { turns } from '../lifecycle/virtualClock';
import { startStage, worker } from './stage';

const BEARS: TaskOptions = { idempotent: true, speculative: true };
const KNOWN: Spread = { samples: 20, meanMs: 500, p50Ms: 500, p95Ms: 1000 };

interface Circumstances {
  readonly options?: TaskOptions | null;
  readonly spread?: Spread | null;
  readonly workers?: LiveWorker[];
}

const setUp = async ({ options = BEARS, spread = KNOWN, workers = [worker('w1'), worker('w2')] }: Circumstances = {}) => {
  const stage = startStage(workers, { spreadOf: () => spread ?? undefined });
  const run = runOfPlan(planOf([plannedTask('slow', [], { options })]));
  await stage.gates.lookOnce();
  await stage.limits.lookOnce();
  await stage.losses.lookOnce();
  stage.dispatcher.enqueue([{ run, task: 0 }]);
  await stage.clock.advance(1);
  expect(stage.sent.splice(0)).toEqual(['slow#1 to s-w1']);
  const begin = (): void => {
    run.state[0] = CODE.RUNNING;
    run.running.set(0, { session: 's-w1', worker: 'w1', fence: '1', sentAt: stage.clock.now(), startedAt: stage.clock.now() });
  };
  begin();
  const look = async (ms: number): Promise<void> => {
    await stage.clock.advance(ms);
    await stage.losses.lookOnce();
    await turns();
  };
  return { ...stage, run, look, end: (): void => void (run.state[0] = CODE.COMPLETED) };
};

const over = (run: Run, task: number) => [{ dag: run.dag, task, dispatch: 1 }];

test('what runs past the p95 of its type gets one copy, on another worker', async () => {
  const { sent, look } = await setUp();
  await look(1000);
  expect(sent).toEqual([]);
  await look(1);
  expect(sent).toEqual(['copy of slow#1 to s-w2']);
  await look(5000);
  expect(sent).toHaveLength(1);
});

test.each([
  ['it never said so', { options: { idempotent: true } }],
  ['it said nothing', { options: null }],
  ['its type is hardly known', { spread: { ...KNOWN, samples: 19 } }],
  ['its type is unknown', { spread: null }],
  ['there is no other worker', { workers: [worker('w1')] }],
  ['no other worker runs it', { workers: [worker('w1'), worker('w2', { types: ['NOTIFICATION'] })] }],
  ['others share slots', { workers: [worker('w1'), worker('w2', { perSlot: { API_CALL: 5 } })] }],
] as readonly [string, Circumstances][])('none where %s', async (_why, how) => {
  const { sent, look } = await setUp(how);
  await look(9000);
  expect(sent).toEqual([]);
});

test('none while no other worker has a free slot', async () => {
  const { sent, look, dispatcher, run } = await setUp({ workers: [worker('w1'), worker('w2', { slots: 1 })] });
  const other = runOfPlan(planOf([plannedTask('other', [])], '018bcfe5-6800-8000-8000-000000000100' as DagId));
  other.state[0] = CODE.RUNNING;
  dispatcher.adopt(other, 0, 's-w2');
  await look(9000);
  expect(sent).toEqual([]);
  dispatcher.over([{ dag: other.dag, task: 0, dispatch: 1 }]);
  await look(1);
  expect([sent, run.state[0]]).toEqual([['copy of slow#1 to s-w2'], CODE.RUNNING]);
});

test('none of what was with a worker that died', async () => {
  const [lost, deadly] = [await setUp(), await setUp()];
  lost.run.losses[0] = 1;
  deadly.run.budgets.set(0, { deaths: 1 });
  for (const { sent, look } of [lost, deadly]) {
    await look(9000);
    expect(sent).toEqual([]);
  }
});

test('none of what takes but a moment, nor behind a gate', async () => {
  const short = await setUp({ spread: { ...KNOWN, p95Ms: 5 } });
  await short.look(499);
  expect(short.sent).toEqual([]);
  await short.store.pause({ scope: 'type', name: 'API_CALL', reason: null, by: null, until: null, now: short.clock.now() });
  await short.gates.lookOnce();
  await short.look(9000);
  expect(short.sent).toEqual([]);
});

test('the copy is ended with its task, and its seat is free', async () => {
  const { revoked, look, run, end, dispatcher } = await setUp();
  await look(1001);
  expect(dispatcher.assignments.get(run.dag, copyOf(0))).toMatchObject({ session: 's-w2' });
  end();
  dispatcher.over(over(run, 0));
  await turns();
  expect(revoked).toEqual(['#1 of s-w2']);
  expect([dispatcher.assignments.size(), dispatcher.stragglers.size()]).toEqual([0, 0]);
});

test('so it is where the task is taken away or begins again', async () => {
  const { revoked, look, run, dispatcher } = await setUp();
  await look(1001);
  run.state[0] = CODE.CANCELLING;
  await look(1);
  expect(revoked).toEqual(['#1 of s-w2']);
  expect(dispatcher.assignments.get(run.dag, copyOf(0))).toBeUndefined();
});

test('a copy that fails, or whose worker dies, is over, and no other one is sent under the same number', async () => {
  const { sent, look, run, dispatcher, state, events } = await setUp();
  await look(1001);
  state.workers = [worker('w1'), worker('w3')];
  await look(100);
  expect(events).toMatchObject([{ type: 'lost', session: 's-w2', tasks: over(run, copyOf(0)) }]);
  dispatcher.over(over(run, copyOf(0)));
  await look(5000);
  expect(sent).toEqual(['copy of slow#1 to s-w2']);
  expect(dispatcher.assignments.size()).toBe(1);
});

test('a copy that could not be sent leaves its seat', async () => {
  const { look, run, dispatcher, state, sent } = await setUp();
  state.send = () => Promise.reject(new Error('away'));
  await look(1001);
  expect([sent, dispatcher.assignments.get(run.dag, copyOf(0))]).toEqual([[], undefined]);
});

test('a shard that is given up takes its copies with it', async () => {
  const { look, dispatcher, revoked } = await setUp();
  await look(1001);
  dispatcher.shardDropped(0);
  await look(1);
  expect([dispatcher.stragglers.size(), dispatcher.assignments.size(), revoked]).toEqual([0, 0, []]);
});
