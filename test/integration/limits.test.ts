/** Limits on the real stack, with two schedulers, while workers and a scheduler are killed. `LIMITS_KILLS_MS` says for how long; a minute by default. */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import { createRedisLockService } from '../../src/adapters/redis/lockService';
import { systemClock } from '../../src/adapters/system/clock';
import type { DagId } from '../../src/core/ids';
import { dagSlotKey } from '../../src/core/limits';
import type { DagSubmission, Limit } from '../../src/sdk';
import { atEnd } from '../harness/cleanup';
import { projectRoot, type RunningRole } from '../harness/processes';
import { clientOf, type RealStack, startRealStack } from '../harness/stacks';
import { until } from '../harness/until';

const KILLS_MS = Number(process.env['LIMITS_KILLS_MS'] ?? 60_000);
const KILL_EVERY_MS = 1000;
const IN_POOL = 5;
const IN_DAG = 2;
const TASK_MS = 250;
const IN_TYPE = 7;
/** For each of its keys. */
const RATE = 20;
const KEYS = ['x', 'y'];
const BURST = 5;
const WORKERS = 4;

const HANDLERS = [{ type: 'NOTED', module: path.join(projectRoot, 'test/integration/noted.mjs'), isolation: 'none' }];

interface Note {
  readonly what: 'begin' | 'end';
  readonly pid: number;
  readonly fence: string;
  readonly dag: string;
  readonly at: number;
}

let folder: string;
const fileOf = (name: string): string => path.join(folder, name);
const notesIn = (name: string): Note[] =>
  readFileSync(fileOf(name), 'utf8')
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as Note);

/** The most handlers that ran at once, where those of a killed process ended with it. */
const mostAtOnce = (notes: readonly Note[], killed: ReadonlyMap<number, number>): number => {
  const ends = new Map(notes.filter(({ what }) => what === 'end').map(({ fence, at }) => [fence, at]));
  const moments = notes
    .filter(({ what }) => what === 'begin')
    .flatMap(({ fence, pid, at }) => [
      { at, by: 1 },
      { at: ends.get(fence) ?? killed.get(pid) ?? Infinity, by: -1 },
    ])
    // What ended in a millisecond made room for what began in it.
    .sort((a, b) => a.at - b.at || a.by - b.by);
  let [now, most] = [0, 0];
  for (const { by } of moments) most = Math.max(most, (now += by));
  return most;
};

const dagOf = (name: string, tasks: number, more: object, task: object = {}): DagSubmission => ({
  dagName: name,
  ...more,
  tasks: Array.from({ length: tasks }, (_, i) => ({
    taskName: `t${i}`,
    type: 'NOTED',
    ...task,
    payload: { file: fileOf('pool'), ms: TASK_MS, dag: name, ...(task as { payload?: object }).payload },
  })),
});

let stack: RealStack;
let second: RunningRole;
const workers = new Map<string, RunningRole>();

beforeAll(async () => {
  folder = mkdtempSync(path.join(tmpdir(), 'limits-'));
  atEnd(() => {
    rmSync(folder, { recursive: true, force: true });
  });
  for (const name of ['pool', 'rate', 'free']) writeFileSync(fileOf(name), '');
  stack = await startRealStack({ workers: WORKERS, env: { WORKER_HANDLERS: JSON.stringify(HANDLERS) }, workerEnv: { WORKER_CONCURRENCY: '6' } });
  stack.workers.forEach((worker, i) => workers.set(`worker-${i + 1}`, worker));
  second = await stack.startScheduler();
  await until(async () => (await stack.sql('SELECT DISTINCT owner FROM shards WHERE lease_until > now()')).length === 2, {
    what: 'both schedulers to own shards',
    timeoutMs: 20_000,
  });
}, 120_000);

const killed = new Map<number, number>();

/** One worker after the other is killed and followed by another one, while others are left; one scheduler in the middle of it. */
const killFor = async (ms: number): Promise<number> => {
  const endsAt = Date.now() + ms;
  const starting: Promise<unknown>[] = [];
  let kills = 0;
  const killOne = async (): Promise<void> => {
    const [id, worker] = [...workers][Math.floor(Math.random() * workers.size)]!;
    workers.delete(id);
    await worker.kill();
    // The kernel had ended it by now: what it noted was noted before.
    killed.set(worker.pid, Date.now());
    kills += 1;
    const next = `${id.split('.')[0]!}.${kills}`;
    starting.push(stack.startWorker(next).then((started) => workers.set(next, started)));
  };
  const replaceScheduler = async (): Promise<void> => {
    await second.kill();
    second = await stack.startScheduler();
  };
  let isReplaced = false;
  for (let at = Date.now(); at < endsAt; at += KILL_EVERY_MS) {
    await until(() => Date.now() >= at, { what: 'the next kill', timeoutMs: ms });
    if (workers.size > 1) await killOne();
    if (isReplaced || at < endsAt - ms / 2) continue;
    isReplaced = true;
    starting.push(replaceScheduler());
  }
  await Promise.all(starting);
  return kills;
};

const running = async (): Promise<Record<string, number | null>> =>
  Object.fromEntries((await stack.api.limits()).map((limit: Limit) => [limit.name, limit.running]));

/** How many slots of these DAGs are taken, by the leases. */
const slotsTaken = async (dags: readonly string[]): Promise<number> => {
  const leases = createRedisLockService({
    ...{ url: stack.env['REDIS_URL']!, prefix: stack.env['REDIS_PREFIX']!, clock: systemClock, leaseMs: 1600, heartbeatMs: 400 },
    ...{ onForgotten: () => undefined, onError: () => undefined },
  });
  await leases.start();
  try {
    const taken = await leases.permits.taken(dags.map((dag) => dagSlotKey(dag as DagId)));
    return taken.reduce((sum, each) => sum + each, 0);
  } finally {
    await leases.stop();
  }
};

test(
  'no limit is exceeded while workers are killed, nothing else is held up, and nothing is in use afterwards',
  async () => {
    await stack.api.setLimit({ scope: 'pool', name: 'db' }, { maxRunning: IN_POOL });
    await stack.api.setLimit({ scope: 'type', name: 'NOTED' }, { maxRunning: IN_TYPE });
    await stack.api.setLimit({ scope: 'rate', name: 'api' }, { perSecond: RATE, burst: BURST });
    await until(
      async () => (await (await fetch(`${second.url}/actuator/prometheus`)).text()).includes('limit_max_running{scope="pool",name="db"} 5'),
      {
        what: 'the other scheduler to know of the limit',
      },
    );
    const tasks = Math.ceil((KILLS_MS * IN_POOL) / TASK_MS / 8);
    const apis = [stack.api, clientOf(second.url)];
    const pooled = Array.from({ length: 8 }, (_, i) => dagOf(`pooled ${i}`, tasks, i < 3 ? { maxRunning: IN_DAG } : {}, { pool: 'db' }));
    const rated = KEYS.map((key) =>
      dagOf(
        `rated ${key}`,
        Math.ceil((KILLS_MS / 1000) * RATE * 0.5),
        {},
        { rateLimit: { name: 'api', key }, payload: { file: fileOf('rate'), ms: 1 } },
      ),
    );
    const beganAt = Date.now();
    const submitted = await Promise.all([...pooled, ...rated].map(async (dag, i) => (await apis[i % 2]!.submit(dag)).dagId));
    const killing = killFor(KILLS_MS);
    const free = dagOf('free', 40, {}, { payload: { file: fileOf('free'), ms: 1 } });
    const freeDag = await stack.api.wait((await stack.api.submit(free)).dagId, { timeoutMs: 15_000 });
    expect([freeDag.status, Date.now() - beganAt < 15_000]).toEqual(['COMPLETED', true]);
    const kills = await killing;
    expect(kills).toBeGreaterThanOrEqual(3);
    for (const dagId of submitted) expect((await stack.api.wait(dagId, { timeoutMs: KILLS_MS + 60_000 })).status).toBe('COMPLETED');
    const tookMs = Date.now() - beganAt;

    const notes = notesIn('pool');
    const begun = notes.filter(({ what }) => what === 'begin').length;
    process.stdout.write(`${begun} executions of ${8 * tasks} tasks, ${kills} workers killed, in ${tookMs} ms\n`);
    expect(mostAtOnce(notes, killed)).toBe(IN_POOL);
    for (let i = 0; i < 8; i++) {
      const most = mostAtOnce(
        notes.filter(({ dag }) => dag === `pooled ${i}`),
        killed,
      );
      expect([i, most <= (i < 3 ? IN_DAG : IN_POOL)]).toEqual([i, true]);
    }
    const most = mostAtOnce([...notes, ...notesIn('rate'), ...notesIn('free')], killed);
    expect([most, most <= IN_TYPE]).toEqual([most, true]);
    for (const key of KEYS) {
      const starts = notesIn('rate')
        .filter(({ what, dag }) => what === 'begin' && dag === `rated ${key}`)
        .map(({ at }) => at)
        .sort((a, b) => a - b);
      // Handed out at this rate: what a dead worker had begins again, and a busy one begins it a little later.
      expect([key, starts.length]).toEqual([key, Math.min(starts.length, (RATE * (starts.at(-1)! - starts[0]! + 1000)) / 1000 + BURST)]);
    }
    const nothing = { db: 0, NOTED: 0, api: null };
    await until(async () => isDeepStrictEqual(await running(), nothing), { what: 'nothing to be in use', timeoutMs: 10_000 });
    await until(async () => (await slotsTaken(submitted)) === 0, { what: 'no slot of a DAG to be in use', timeoutMs: 10_000 });
    expect(await stack.sql(`SELECT name FROM tasks WHERE status <> 'COMPLETED'`)).toEqual([]);
  },
  2 * KILLS_MS + 180_000,
);
