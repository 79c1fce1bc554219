/** One seed: a cluster, a load, faults, and what the checker says of it. */
import { createHash } from 'node:crypto';
import type { DagId } from '../../src/core/ids';
import { createAdmission } from '../../src/submit/admission';
import { check, type Violation } from './checker';
import { circumstancesOf } from './circumstances';
import { createCluster, finalRecords, SCRIPT_HEAD, TYPES, type Cluster, type Shape } from './cluster';
import { drawFaults, inject, keepAlive, type Fault } from './faults';
import type { Entry } from './history';
import { drawLimits, slotsTaken, withLimits } from './limits';
import { seeded, type Random } from './random';
import { replay } from './replay';
import { createWatch } from './progress';
import { createUser, type User } from './user';
import { drawDags, handlerOf, identified, type Planned } from './workload';
import { isFinalDag } from '../../src/core/dag';

export interface Outcome {
  readonly seed: number;
  readonly violations: readonly Violation[];
  readonly counts: Readonly<Record<string, number>>;
  readonly shape: Shape & { readonly tasks: number; readonly faults: number; readonly dags: number; readonly commands: number };
  readonly virtualMs: number;
  readonly entries: readonly Entry[];
}

/** What of a seed's faults and DAGs is kept: a trace is shrunk by leaving things out. */
export interface Kept {
  readonly faults?: readonly number[];
  readonly dags?: readonly number[];
  readonly commands?: readonly number[];
}

const LOAD_MS = 5000;
/** Schedulers and workers need this to be there. */
const FIRST_MS = 2500;
/** After the last fault is healed, everything is final within this. */
const SETTLE_MS = 90_000;
/** How often the user looks for what still waits for a person. */
const LET_GO_MS = 3000;

const drawShape = (random: Random): Shape => ({
  schedulers: random.whole(2, 3),
  workers: random.whole(3, 4),
  shards: random.whole(2, 4),
  slots: random.whole(2, 4),
});

/** When the user acts. */
const drawCommands = (random: Random): number[] =>
  Array.from({ length: random.whole(22, 34) }, () => FIRST_MS + random.between(200, LOAD_MS + 2500)).sort((a, b) => a - b);

const keep = <T>(all: readonly T[], which: readonly number[] | undefined): T[] => all.filter((_, i) => which?.includes(i) ?? true);

/** A client: submits through some scheduler, and again with the same key until it is told that it is stored. */
const submitting = (cluster: Cluster, random: Random, shape: Shape, { accepted, user }: { readonly accepted: DagId[]; readonly user: User }) => {
  const submit = (planned: Planned, key: string): void => {
    const running = cluster.find(`scheduler-${String(random.whole(0, shape.schedulers - 1))}`);
    const again = (): void => {
      cluster.timeline.after(random.between(100, 500), () => submit(planned, key));
    };
    const shards = running?.engine?.advancer.owned().map(({ shard }) => shard) ?? [];
    if (running?.engine === undefined || !running.process.isAlive() || running.process.isStopped() || shards.length === 0) {
      again();
      return;
    }
    const { engine, process, store } = running;
    const dag = identified(planned, random.pick(shards), process.main.clock.now(), random);
    process.main.turn('answer', () => {
      const admit = createAdmission({
        store,
        clock: process.main.clock,
        announce: () => undefined,
        pendingSubmissions: 100,
        submissionWaitMs: 60_000,
      });
      admit({ dag, idempotency: { key, bodyHash: 'h' } }).then(
        (admission) => {
          if (admission.kind === 'stored') engine.advancer.admit(dag);
          const id = admission.kind === 'stored' ? dag.dagId : admission.dag;
          accepted.push(id);
          cluster.history.add({ kind: 'accepted', dag: id });
          user.accepted(id);
        },
        () => again(),
      );
    });
    // A client whose server died asks another one.
    const watch = (): void => {
      if (!process.isAlive()) {
        if (!accepted.includes(dag.dagId)) submit(planned, key);
      } else if (!accepted.includes(dag.dagId)) cluster.timeline.after(1000, watch);
    };
    cluster.timeline.after(1000, watch);
  };
  return submit;
};

export const runSeed = async (seed: number, kept: Kept = {}): Promise<Outcome> => {
  const random = seeded(seed);
  const shape = drawShape(random.fork('shape'));
  const more = circumstancesOf(seed, random.fork('circumstances'));
  const dags = keep(withLimits(random.fork('limits of tasks'), [...drawDags(random.fork('dags'), LOAD_MS), ...more.dags]), kept.dags);
  const limits = drawLimits(random.fork('limits'), TYPES);
  const faults: Fault[] = keep([...drawFaults(random.fork('faults'), LOAD_MS + 2000), ...more.faults], kept.faults);
  const made: { cluster?: Cluster } = {};
  const cluster = (made.cluster = createCluster({
    random: random.fork('cluster'),
    shape,
    handlerIn: (process) => handlerOf(seed, made.cluster!.history)(process),
  }));
  await cluster.memory.leases.define(shape.shards);
  for (const limit of limits) await cluster.memory.limits.set(limit);
  cluster.history.add({ kind: 'limits', limits });
  const lives = random.fork('lives');
  for (let i = 0; i < shape.schedulers; i++) keepAlive(cluster, lives, 'scheduler', `scheduler-${String(i)}`);
  for (let i = 0; i < shape.workers; i++) keepAlive(cluster, lives, 'worker', `worker-${String(i)}`);
  const accepted: DagId[] = [];
  const commands = keep(drawCommands(random.fork('commands')), kept.commands);
  const approvals = (more.approvals ?? []).map((at) => FIRST_MS + at);
  const user = createUser({ cluster, random: random.fork('user'), shape, times: commands, approvals });
  const submit = submitting(cluster, random.fork('clients'), shape, { accepted, user });
  dags.forEach((planned, i) => {
    cluster.timeline.after(FIRST_MS + planned.atMs, () => submit(planned, `key ${String(i)}`));
  });
  const isHealed = inject(
    cluster,
    faults.map((fault) => ({ ...fault, atMs: fault.atMs + FIRST_MS })),
    shape,
  );

  const open = createOpen(cluster);
  const watch = createWatch(cluster, accepted);
  let letGoAt = 0;
  let lookedAt = 0;
  let settled = false;
  let taken = 0;
  let healedAt = Infinity;
  await cluster.timeline.run(() => {
    const now = cluster.timeline.now();
    if (now - lookedAt < 200) return false;
    lookedAt = now;
    if (isHealed() && healedAt === Infinity) healedAt = now;
    watch(healedAt);
    const isQuiet = isHealed() && user.isDone() && new Set(accepted).size >= dags.length;
    const isOver = isQuiet && open.isEmpty();
    taken = isOver ? slotsTaken(cluster.redis, SCRIPT_HEAD, limits, accepted) : 0;
    settled = isOver && taken === 0;
    if (isQuiet && !isOver && now > letGoAt + LET_GO_MS) {
      letGoAt = now;
      cluster.timeline.stirred();
      void user.letGo();
    }
    return settled || now > healedAt + SETTLE_MS;
  }, 400_000);
  for (const record of await finalRecords(cluster, [...new Set(accepted)])) if (record !== undefined) cluster.history.add({ kind: 'final', record });
  if (taken > 0) cluster.history.add({ kind: 'left', slots: taken });
  // The loop above set it.
  // eslint-disable-next-line @typescript-eslint/no-unnecessary-condition
  cluster.history.add({ kind: 'end', reason: settled ? 'settled' : 'out of time' });
  const { entries } = cluster.history;
  const replayed = replay(entries);
  return {
    seed,
    violations: check(entries, replayed),
    counts: Object.fromEntries([...cluster.counts, ...[...replayed.moves].map(([move, count]) => [`move: ${move}`, count] as const)]),
    shape: {
      ...shape,
      tasks: dags.reduce((sum, { dag }) => sum + dag.tasks.length, 0),
      faults: faults.length,
      dags: dags.length,
      commands: commands.length,
    },
    virtualMs: cluster.timeline.now(),
    entries,
  };
};

/** What isn't over by the commits: DAGs that aren't final and commands without an outcome. Reads each entry once. */
const createOpen = ({ history }: Cluster) => {
  const open = new Set<string>();
  const settledCommands = new Set<string>();
  const settle = (id: string): void => {
    settledCommands.add(id);
    open.delete(id);
  };
  let read = 0;
  const take = (entry: Entry): void => {
    if (entry.kind === 'stored') open.add(entry.dag.dagId);
    if (entry.kind === 'refused') for (const { id } of entry.outcomes) settle(id);
    if (entry.kind === 'commanded' && !settledCommands.has(entry.id)) open.add(entry.id);
    if (entry.kind !== 'committed') return;
    for (const { dag, status } of entry.batch.dags) {
      if (isFinalDag(status)) open.delete(dag);
      else open.add(dag);
    }
    for (const { id } of entry.batch.commands) settle(id);
  };
  return {
    isEmpty: (): boolean => {
      for (; read < history.entries.length; read++) take(history.entries[read]!);
      return open.size === 0;
    },
  };
};

/** A number for a whole history: the same seed must give the same. */
export const hashOf = (entries: readonly Entry[]): string => {
  const hash = createHash('md5');
  for (const entry of entries) hash.update(JSON.stringify(entry, (_, value: unknown) => (typeof value === 'bigint' ? String(value) : value)));
  return hash.digest('hex');
};
