/** Workers and schedulers that die, sleep, or lose their network. */
import { setTimeout as pause } from 'node:timers/promises';
import { shardOf } from '../../../src/core/ids';
import type { DagId } from '../../../src/core/ids';
import { until } from '../../harness/until';
import type { Member } from '../members';
import type { World } from '../world';
import { type Fault, type Hit, LOST_SCHEDULER, LOST_WORKER } from './fault';

const AT_WORK = 4;

const untilAtWork = (world: World, worker: Member): Promise<string[]> =>
  until(
    async () => {
      const ids = await world.witness.inFlight(worker.name);
      return ids.length >= AT_WORK ? ids : undefined;
    },
    { what: `${worker.name} to have ${AT_WORK} tasks`, timeoutMs: 30_000 },
  );

/** The tasks that a worker has at this moment, and the moment. */
const workOf = async (world: World, worker: Member): Promise<Hit> => {
  const ids = await untilAtWork(world, worker);
  return { of: 'task', ids, since: await world.witness.now() };
};

const workerKilled: Fault = {
  name: 'worker killed (SIGKILL)',
  form: 'short',
  limits: LOST_WORKER,
  cause: async (world) => {
    const worker = world.workers[1]!;
    const hit = await workOf(world, worker);
    await worker.kill();
    // By then others have its tasks, if all is well.
    await pause(3_000);
    await worker.start();
    return hit;
  },
};

const refusedEvents = async ({ schedulers }: World): Promise<number> => {
  const counts = await Promise.all(schedulers.map((scheduler) => scheduler.metric('events_refused_total')));
  return counts.reduce((sum, count) => sum + count, 0);
};

const workerSuspended = (seconds: number, form: Fault['form']): Fault => ({
  name: `worker suspended for ${seconds} s (SIGSTOP, SIGCONT)`,
  form,
  limits: LOST_WORKER,
  cause: async (world) => {
    const { witness } = world;
    const worker = world.workers[2]!;
    const refusedBefore = await refusedEvents(world);
    const hit = await workOf(world, worker);
    await witness.suspended(worker.name);
    worker.suspend();
    await pause(seconds * 1_000);
    worker.resume();
    // Its calls end by themselves or with its process; a process that its heartbeat ended is started anew, as a supervisor does.
    await pause(2_000);
    if (!worker.isAlive()) await worker.start();
    await witness.resumed(worker.name);
    const refused = (await refusedEvents(world)) - refusedBefore;
    return { ...hit, seen: `${refused} late reports refused, ${await witness.refused()} late writes fenced off so far` };
  },
});

const workerCut: Fault = {
  name: 'worker loses its network for 5 s',
  form: 'short',
  limits: LOST_WORKER,
  cause: async (world) => {
    const worker = world.workers[0]!;
    const hit = await workOf(world, worker);
    for (const proxy of world.own) proxy.silence();
    await pause(5_000);
    for (const proxy of world.own) proxy.resume();
    await until(async () => !worker.isAlive() || (await worker.health()).status === 'UP', {
      what: 'the worker to be well or gone',
      timeoutMs: 30_000,
    });
    if (!worker.isAlive()) await worker.start();
    return hit;
  },
};

interface Owned {
  readonly shards: number[];
  readonly dags: string[];
}

const ownedBy = async ({ sql, load }: World, scheduler: Member): Promise<Owned> => {
  const rows = await sql<{ id: number }>('SELECT id FROM shards WHERE owner = $1', [scheduler.name]);
  const shards = rows.map(({ id }) => id);
  return { shards, dags: load.open().filter((dag) => shards.includes(shardOf(dag as DagId))) };
};

const untilShared = ({ sql }: World): Promise<unknown> =>
  until(
    async () => {
      const rows = await sql<{ shards: number }>('SELECT count(*)::int AS shards FROM shards WHERE owner IS NOT NULL GROUP BY owner');
      return rows.length === 2 && rows.every(({ shards }) => shards === 4);
    },
    { what: 'the schedulers to share the shards', timeoutMs: 30_000 },
  );

/** Milliseconds until none of the scheduler's shards is its own any more. */
const untilMoved = async ({ sql }: World, scheduler: Member): Promise<number> => {
  const begun = performance.now();
  await until(async () => (await sql('SELECT 1 FROM shards WHERE owner = $1', [scheduler.name])).length === 0, {
    what: 'its shards to move',
    timeoutMs: 30_000,
    everyMs: 50,
  });
  return Math.round(performance.now() - begun);
};

const schedulerKilled: Fault = {
  name: 'scheduler killed (SIGKILL)',
  form: 'short',
  blindsDoctor: true,
  limits: LOST_SCHEDULER,
  cause: async (world) => {
    const scheduler = world.schedulers[0]!;
    await untilShared(world);
    const { dags } = await ownedBy(world, scheduler);
    const since = await world.witness.now();
    await scheduler.kill();
    const movedMs = await untilMoved(world, scheduler);
    await scheduler.start();
    await untilShared(world);
    return { of: 'dag', ids: dags, since, seen: `shards moved in ${movedMs} ms` };
  },
};

const schedulerSuspended = (seconds: number, form: Fault['form']): Fault => ({
  name: `scheduler suspended for ${seconds} s (SIGSTOP, SIGCONT)`,
  form,
  limits: LOST_SCHEDULER,
  cause: async (world) => {
    const scheduler = world.schedulers[1]!;
    await untilShared(world);
    const { dags, shards } = await ownedBy(world, scheduler);
    const since = await world.witness.now();
    scheduler.suspend();
    const begun = performance.now();
    const movedMs = await untilMoved(world, scheduler);
    await pause(Math.max(0, seconds * 1_000 - (performance.now() - begun)));
    const before = await world.sql<{ epoch: string }>('SELECT epoch FROM shards WHERE id = ANY($1)', [shards]);
    scheduler.resume();
    await untilShared(world);
    return { of: 'dag', ids: dags, since, seen: `${before.length} shards moved in ${movedMs} ms` };
  },
});

export const processFaults: readonly Fault[] = [
  workerKilled,
  workerSuspended(5, 'short'),
  workerSuspended(30, 'full'),
  workerCut,
  schedulerKilled,
  schedulerSuspended(5, 'short'),
  schedulerSuspended(60, 'full'),
];
