import { createCaution } from '../../src/advance/caution';
import type { Batch } from '../../src/advance/batch';
import { createCommitter } from '../../src/advance/committer';
import { newLiveShard } from '../../src/advance/liveShard';
import type { Event } from '../../src/core/event';
import { mintDagId, type DagId } from '../../src/core/ids';
import { runOfPlan } from '../../src/core/run';
import { DEFAULT_LAW } from '../../src/core/transition';
import type { CommitBatch } from '../../src/ports/store';
import { commanded, DAG, execution, failed, planOf, plannedTask, started, T0 } from '../core/model';
import { createVirtualClock, turns } from '../lifecycle/virtualClock';

const OTHER = '018bcfe5-6800-8001-8000-000000000000' as DagId;

const shardWith = (shard: number, dag: DagId) => {
  const live = newLiveShard({ shard, epoch: 1, position: { nextOffset: 0n, last: null } }, 1600, 0);
  live.runs.set(dag, runOfPlan(planOf([plannedTask('a', []), plannedTask('b', [])], dag, shard)));
  return live;
};

/** A committer whose first commit is under way until the test lets it go. */
const heldCommitter = () => {
  const [commits, committed] = [[] as CommitBatch[], [] as Batch[]];
  let letGo: () => void = () => undefined;
  const committer = createCommitter({
    store: {
      commit: async (batch) => {
        commits.push(batch);
        if (commits.length === 1) await new Promise<void>((resolve) => (letGo = resolve));
      },
    },
    clock: createVirtualClock(T0),
    announce: () => undefined,
    caution: createCaution(),
    law: DEFAULT_LAW,
    maxOpen: 1000,
    applied: () => undefined,
    committed: (batch) => {
      committed.push(batch);
    },
    doubted: () => undefined,
  });
  return {
    committer,
    commits,
    committed,
    letGo: () => {
      letGo();
    },
  };
};

test('a shard that is given up before its turn takes everything with it, not its rows alone', async () => {
  const [given, kept] = [shardWith(0, DAG), shardWith(1, OTHER)];
  const { committer, commits, committed, letGo } = heldCommitter();
  let offset = 0n;
  const tell = (shard: typeof given, ...events: readonly Event[]): Promise<void> =>
    committer.apply(shard, { shard: shard.shard, offset: (offset += 1n), timestamp: T0, hash: '', events });
  const checkpointed = (dag: DagId): Event => ({ type: 'checkpointed', ...execution(1, 1), dag, sequence: 1, state: '1' });

  await tell(kept, { ...started(0), dag: OTHER } as Event);
  await turns();
  for (const [shard, dag] of [
    [given, DAG],
    [kept, OTHER],
  ] as const) {
    await tell(shard, { ...failed(0), dag } as Event, checkpointed(dag), { ...commanded({ kind: 'pause' }), dag } as Event);
  }
  given.live = false;
  letGo();
  await committer.settle();

  const { shards, tasks, dags, attempts, deadLetters, history, commands } = commits[1]!;
  expect(shards.map(({ shard }) => shard)).toEqual([1]);
  const dagsTold = [tasks, dags, attempts, deadLetters, history, commands].map((rows) => [...new Set(rows.map(({ dag }) => dag))]);
  expect(dagsTold).toEqual(Array.from({ length: 6 }, () => [OTHER]));
  // Nobody is told that a checkpoint is durable which was never written.
  expect(committed[1]!.step.acknowledged.map(({ shard }) => shard)).toEqual([1]);
});

test('a commit takes few rows more than it may, however many events touch thousands each while one is under way', async () => {
  const { committer, commits, letGo } = heldCommitter();
  const live = newLiveShard({ shard: 0, epoch: 1, position: { nextOffset: 0n, last: null } }, 1600, 0);
  const dags = Array.from({ length: 40 }, (_, i) => mintDagId(0, T0 + i, () => 0.5));
  const tasks = Array.from({ length: 1000 }, (_, i) => plannedTask(`t${String(i)}`, []));
  for (const dag of dags) live.runs.set(dag, runOfPlan(planOf(tasks, dag)));
  const cancels = dags.map((dag, i): Event => ({ ...commanded({ kind: 'cancel', tasks: null }, { id: String(i) }), dag }) as Event);
  // Some by themselves, all others in one record.
  const applied = (async () => {
    for (const [i, events] of [...cancels.slice(0, 10).map((one) => [one]), cancels.slice(10)].entries())
      await committer.apply(live, { shard: 0, offset: BigInt(i), timestamp: T0, hash: '', events });
  })();
  await turns();
  letGo();
  await applied;
  await committer.settle();
  expect(Math.max(...commits.map((batch) => batch.tasks.length))).toBeLessThanOrEqual(21_000);
  expect(commits.reduce((sum, batch) => sum + batch.commands.length, 0)).toBe(40);
  expect(new Set(commits.flatMap((batch) => batch.tasks.map(({ dag, task }) => `${dag}/${String(task)}`))).size).toBe(40_000);
  // A record is behind only with its last event.
  expect(commits.map((batch) => batch.shards[0]!.position.nextOffset).at(-1)).toBe(11n);
  expect(commits.at(-2)!.shards[0]!.position.nextOffset).toBeLessThan(11n);
});
