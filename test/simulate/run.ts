/** One seed: a cluster, a load, faults, and what the checker says of it. */
import { createHash } from 'node:crypto';
import type { DagId } from '../../src/core/ids';
import { createAdmission } from '../../src/submit/admission';
import { check, type Violation } from './checker';
import { createCluster, finalRecords, type Cluster, type Shape } from './cluster';
import { drawFaults, inject, keepAlive, type Fault } from './faults';
import type { Entry } from './history';
import { movesIn } from './moves';
import { seeded, type Random } from './random';
import { drawDags, handlerOf, identified, type Planned } from './workload';
import { isFinalDag } from '../../src/core/dag';

export interface Outcome {
  readonly seed: number;
  readonly violations: readonly Violation[];
  readonly counts: Readonly<Record<string, number>>;
  readonly shape: Shape & { readonly tasks: number; readonly faults: number; readonly dags: number };
  readonly virtualMs: number;
  readonly entries: readonly Entry[];
}

/** What of a seed's faults and DAGs is kept: a trace is shrunk by leaving things out. */
export interface Kept {
  readonly faults?: readonly number[];
  readonly dags?: readonly number[];
}

const LOAD_MS = 5000;
/** After the last fault is healed, everything is final within this. */
const SETTLE_MS = 90_000;

const drawShape = (random: Random): Shape => ({
  schedulers: random.whole(2, 3),
  workers: random.whole(3, 4),
  shards: random.whole(2, 4),
  slots: random.whole(2, 4),
});

const keep = <T>(all: readonly T[], which: readonly number[] | undefined): T[] => all.filter((_, i) => which?.includes(i) ?? true);

/** A client: submits through some scheduler, and again with the same key until it is told that it is stored. */
const submitting = (cluster: Cluster, random: Random, shape: Shape, accepted: DagId[]) => {
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
      const admit = createAdmission({ store, clock: process.main.clock, announce: () => undefined, pendingSubmissions: 100 });
      admit({ dag, idempotency: { key, bodyHash: 'h' } }).then(
        (admission) => {
          if (admission.kind === 'stored') engine.advancer.admit(dag);
          const id = admission.kind === 'stored' ? dag.dagId : admission.dag;
          accepted.push(id);
          cluster.history.add({ kind: 'accepted', dag: id });
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
  const dags = keep(drawDags(random.fork('dags'), LOAD_MS), kept.dags);
  const faults: Fault[] = keep(drawFaults(random.fork('faults'), LOAD_MS + 2000), kept.faults);
  const made: { cluster?: Cluster } = {};
  const cluster = (made.cluster = createCluster({
    random: random.fork('cluster'),
    shape,
    handlerIn: (process) => handlerOf(seed, made.cluster!.history)(process),
  }));
  await cluster.memory.leases.define(shape.shards);
  const lives = random.fork('lives');
  for (let i = 0; i < shape.schedulers; i++) keepAlive(cluster, lives, 'scheduler', `scheduler-${String(i)}`);
  for (let i = 0; i < shape.workers; i++) keepAlive(cluster, lives, 'worker', `worker-${String(i)}`);
  const accepted: DagId[] = [];
  const submit = submitting(cluster, random.fork('clients'), shape, accepted);
  dags.forEach((planned, i) => {
    cluster.timeline.after(2500 + planned.atMs, () => submit(planned, `key ${String(i)}`));
  });
  const isHealed = inject(
    cluster,
    faults.map((fault) => ({ ...fault, atMs: fault.atMs + 2500 })),
    shape,
  );

  let lookedAt = 0;
  let settled = false;
  let healedAt = Infinity;
  await cluster.timeline.run(() => {
    const now = cluster.timeline.now();
    if (now - lookedAt < 200) return false;
    lookedAt = now;
    if (isHealed() && healedAt === Infinity) healedAt = now;
    settled = isHealed() && new Set(accepted).size >= dags.length && new Set(accepted).size > 0 && allFinal(cluster);
    return settled || now > healedAt + SETTLE_MS;
  }, 400_000);
  for (const record of await finalRecords(cluster, [...new Set(accepted)])) if (record !== undefined) cluster.history.add({ kind: 'final', record });
  // The loop above set it.
  // eslint-disable-next-line @typescript-eslint/no-unnecessary-condition
  cluster.history.add({ kind: 'end', reason: settled ? 'settled' : 'out of time' });
  const { entries } = cluster.history;
  movesIn(entries, cluster.count);
  return {
    seed,
    violations: check(entries),
    counts: Object.fromEntries(cluster.counts),
    shape: { ...shape, tasks: dags.reduce((sum, { dag }) => sum + dag.tasks.length, 0), faults: faults.length, dags: dags.length },
    virtualMs: cluster.timeline.now(),
    entries,
  };
};

/** Whether every DAG in the store is final, as the commits tell. */
const allFinal = ({ history }: Cluster): boolean => {
  const open = new Set<DagId>();
  for (const entry of history.entries) {
    if (entry.kind === 'stored') open.add(entry.dag.dagId);
    if (entry.kind === 'committed') for (const { dag, status } of entry.batch.dags) if (isFinalDag(status)) open.delete(dag);
  }
  return open.size === 0;
};

/** A number for a whole history: the same seed must give the same. */
export const hashOf = (entries: readonly Entry[]): string => {
  const hash = createHash('md5');
  for (const entry of entries) hash.update(JSON.stringify(entry, (_, value: unknown) => (typeof value === 'bigint' ? String(value) : value)));
  return hash.digest('hex');
};
