/** The autoscaler with real processes and services: a burst brings workers, its end sends them away, and nothing is lost by either. */
import { randomBytes } from 'node:crypto';
import { Kafka, logLevel } from 'kafkajs';
import { atEnd } from '../harness/cleanup';
import { overlapping, readExecutions } from '../harness/executions';
import { type RunningRole, startProcess } from '../harness/processes';
import { processesWith } from '../harness/processesWith';
import { flawless, inParallel, prove, type Ran, untilFinal } from '../harness/proof';
import { kafkaBrokers } from '../harness/services';
import { clientOf, type RealStack, startRealStack, untilWorkers } from '../harness/stacks';
import { until } from '../harness/until';

/** Names of workers that nobody else has; what is left of them when the file ends is ended. */
const freshNames = (): string => {
  const prefix = `auto-${randomBytes(4).toString('hex')}-`;
  atEnd(() => {
    for (const pid of processesWith(`--worker-id=${prefix}`)) process.kill(pid, 'SIGKILL');
  });
  return prefix;
};

const scaling = (prefix: string, max: number) => ({
  SCHEDULER_ID: 'first',
  AUTOSCALING_ENABLED: 'true',
  AUTOSCALING_MIN: '1',
  AUTOSCALING_MAX: String(max),
  AUTOSCALING_TARGET_WAIT_SECONDS: '1',
  AUTOSCALING_COOL_DOWN_SECONDS: '2',
  AUTOSCALING_INTERVAL_MS: '250',
  AUTOSCALING_WORKER_PREFIX: prefix,
  WORKER_CONCURRENCY: '2',
  WORKER_PREFETCH: '1',
});

const burst = (dags: number, tasks: number, durationMs: number) =>
  Array.from({ length: dags }, (_, d) => ({
    dagName: `burst ${d}`,
    tasks: Array.from({ length: tasks }, (_, t) => ({
      taskName: `t${t}`,
      type: 'API_CALL',
      maxRetries: 0,
      simulate: { durationMs, failureRate: 0 },
    })),
  }));
const submitAll = (api: RealStack['api'], submissions: ReturnType<typeof burst>): Promise<Ran[]> =>
  inParallel(submissions, 4, async (submission) => ({ submission, dagId: (await api.submit(submission)).dagId }));

const workersOf = async (url: string): Promise<{ workerId: string; state: string }[]> =>
  (await clientOf(url).workers()).filter(({ state }) => state !== 'LOST');
const partitionsOf = async (topic: string): Promise<number> => {
  const admin = new Kafka({ clientId: 'test', brokers: [...kafkaBrokers], logLevel: logLevel.NOTHING }).admin();
  await admin.connect();
  try {
    return (await admin.fetchTopicMetadata({ topics: [topic] })).topics[0]!.partitions.length;
  } finally {
    await admin.disconnect();
  }
};
const metricsOf = async ({ url }: Pick<RunningRole, 'url'>): Promise<string[]> =>
  (await (await fetch(`${url}/actuator/prometheus`)).text()).split('\n').filter((line) => /^(workers_wanted|scaling_decisions_total)\{/.test(line));
const tell = (line: string): void => void process.stdout.write(`${line}\n`);

/** Looks until it is stopped; answers the most workers that were there at once, those that were leaving included. */
const watchMost = (url: () => string) => {
  let most = 0;
  let going = true;
  atEnd(() => {
    going = false;
  });
  const watching = until(
    async () => {
      most = Math.max(most, (await workersOf(url()).catch(() => [])).length);
      return !going;
    },
    { what: 'the end of the watch', timeoutMs: 120_000, everyMs: 100 },
  );
  return async (): Promise<number> => {
    going = false;
    await watching;
    return most;
  };
};

/** Single tasks until it is stopped, enough for one worker's slots and spread over all of them: those that leave have something in hand. */
const trickle = (api: RealStack['api']) => {
  const ran: Ran[] = [];
  let going = true;
  atEnd(() => {
    going = false;
  });
  const dripping = until(
    async () => {
      const [submission] = burst(1, 1, 900);
      if (going) ran.push({ submission: submission!, dagId: (await api.submit(submission!)).dagId });
      return !going;
    },
    { what: 'the end of the trickle', timeoutMs: 120_000, everyMs: 330 },
  );
  return async (): Promise<readonly Ran[]> => {
    going = false;
    await dripping;
    return ran;
  };
};

/** Everything ran exactly once, at its first attempt. */
const proveAll = async (stack: RealStack, api: Pick<RealStack, 'api' | 'sql'>, ran: readonly Ran[]): Promise<void> => {
  await untilFinal(api, ran, 60_000);
  expect(await prove(api, ran)).toEqual(flawless(ran.map(({ submission }) => submission as ReturnType<typeof burst>[number])));
  expect(await stack.sql(`SELECT name, attempt, losses, status FROM tasks WHERE attempt <> 1 OR losses <> 0 OR status <> 'COMPLETED'`)).toEqual([]);
  expect(overlapping(await readExecutions(stack.topics.events))).toEqual([]);
};

test('a burst has eight workers in place of one, then one again: nothing is lost or doubled, and history and metrics say why', async () => {
  const prefix = freshNames();
  const stack = await startRealStack({ workers: 0, env: { ...scaling(prefix, 8), WORKER_CONCURRENCY: '4' } });
  const { api, url, scheduler } = stack;
  await untilWorkers(url, [`${prefix}1`]);
  expect(await partitionsOf(stack.topics.queue)).toBe(3);

  const watched = watchMost(() => url);
  const began = performance.now();
  const ran = await submitAll(api, burst(4, 120, 400));
  await until(async () => (await workersOf(url)).length === 8, { what: 'eight workers', timeoutMs: 40_000 });
  tell(`eight workers were there ${Math.round(performance.now() - began)} ms after the burst`);
  await untilFinal(stack, ran, 60_000);
  tell(`the burst was over after ${Math.round(performance.now() - began)} ms`);
  const dripping = trickle(api);
  await until(async () => (await workersOf(url)).length === 1, { what: 'one worker', timeoutMs: 60_000 });
  tell(`one worker was left after ${Math.round(performance.now() - began)} ms`);
  const drops = await dripping();
  await proveAll(stack, stack, [...ran, ...drops]);
  tell(`${drops.length} tasks came while workers left`);
  expect(await watched()).toBe(8);
  expect(await partitionsOf(stack.topics.queue)).toBe(8);
  const workers = await stack.sql<{ worker: string }>('SELECT DISTINCT worker FROM tasks');
  expect(workers).toHaveLength(8);

  await until(async () => (await api.autoscaling()).current?.active === 1, { what: 'the leader to see it' });
  const { settings, current, decisions } = await api.autoscaling();
  expect(settings).toEqual({ enabled: true, dryRun: false, driver: 'local', min: 1, max: 8, targetWaitSeconds: 1, coolDownSeconds: 2 });
  expect(current).toMatchObject({ scheduler: 'first', wanted: 1, active: 1, slots: 4 });
  const all = [...decisions.items].reverse();
  for (const { before, wanted, done, reason } of all) tell(`${before} → ${wanted}: ${done ?? '-'} (${reason})`);
  expect(all[0]).toMatchObject({ before: 0, wanted: 1, direction: 'out', driver: 'local', dryRun: false, done: `started ${prefix}1`, error: null });
  expect(all.filter(({ error, done }) => error !== null || done === null)).toEqual([]);
  expect(all.some(({ direction, wanted, reason }) => direction === 'out' && wanted === 8 && /\d+ tasks waiting/.test(reason))).toBe(true);
  expect(all.at(-1)).toMatchObject({ direction: 'in', wanted: 1, reason: expect.stringMatching(/for 2 s 1 worker would have done$/) });
  const count = (direction: string): number => all.filter((each) => each.direction === direction).length;
  const [wanted, ...counted] = await metricsOf(scheduler);
  expect(wanted).toBe('workers_wanted{by="load"} 1');
  const countedAs = (labels: string): number =>
    counted.filter((line) => line.includes(labels)).reduce((sum, line) => sum + Number(line.split(' ')[1]), 0);
  expect(['out', 'in'].map((direction) => countedAs(`direction="${direction}"`))).toEqual(['out', 'in'].map(count));
  expect(countedAs('outcome="done",driver="local",dry_run="false"')).toBe(all.length);
  expect([countedAs('cause="min"'), countedAs('cause="max"') > 0]).toEqual([1, true]);
  const dts = await startProcess({ script: 'dist/cli/main.js', args: ['--url', url, 'autoscaling'] });
  expect((await dts.exited).code).toBe(0);
  expect(dts.stdout()).toMatch(/^local, 1 to 8 workers: .*\n1 wanted, 1 at work, says first\n/);

  // The last scheduler stops in order: its workers leave with it.
  expect(processesWith(`--worker-id=${prefix}`)).toHaveLength(1);
  await scheduler.terminate();
  await until(() => processesWith(`--worker-id=${prefix}`).length === 0, { what: 'the last worker to leave', timeoutMs: 20_000 });
}, 150_000);

test('a leader that is killed in the midst leaves its workers to the next one, which never has more than there may be', async () => {
  const prefix = freshNames();
  const stack = await startRealStack({ workers: 0, env: scaling(prefix, 4) });
  const second = await stack.startScheduler({ env: { SCHEDULER_ID: 'second' } });
  const leader = await until(async () => (await stack.api.autoscaling()).current?.scheduler, { what: 'a leader' });
  const [first, next] = leader === 'first' ? [stack.scheduler, second] : [second, stack.scheduler];
  const left = { ...stack, url: next.url, api: clientOf(next.url) };
  await untilWorkers(next.url, [`${prefix}1`]);

  const watched = watchMost(() => next.url);
  const ran = await submitAll(left.api, burst(4, 40, 300));
  await until(async () => (await left.api.autoscaling()).decisions.items.some(({ wanted }) => wanted === 4), { what: 'the decision for four' });
  await first.kill();
  await proveAll(stack, left, ran);
  await until(async () => (await workersOf(next.url)).length === 1, { what: 'one worker', timeoutMs: 60_000 });
  const most = await watched();
  tell(`there were at most ${most} workers`);
  expect(most).toBe(4);
  const shown = async () => (await left.api.autoscaling()).current;
  await until(async () => (await shown())?.active === 1, { what: 'the leader to see it' });
  expect(await shown()).toMatchObject({ scheduler: leader === 'first' ? 'second' : 'first', wanted: 1, active: 1 });
  const { decisions } = await left.api.autoscaling();
  expect(new Set(decisions.items.map(({ scheduler }) => scheduler))).toEqual(new Set(['first', 'second']));
  await next.terminate();
  await until(() => processesWith(`--worker-id=${prefix}`).length === 0, { what: 'the workers to leave', timeoutMs: 20_000 });
}, 120_000);

test('a dry run says what it would do, and starts nothing', async () => {
  const prefix = freshNames();
  const stack = await startRealStack({ workers: 1, env: { ...scaling(prefix, 8), AUTOSCALING_DRY_RUN: 'true' } });
  const ran = await submitAll(stack.api, burst(2, 15, 300));
  // A decision is told first, and then what came of it.
  const isDone = ({ wanted, done, error }: { wanted: number; done: string | null; error: string | null }): boolean =>
    wanted > 2 && (done ?? error) !== null;
  const told = await until(async () => (await stack.api.autoscaling()).decisions.items.find(isDone), { what: 'a decision' });
  expect(told).toMatchObject({ dryRun: true, before: 1, direction: 'out', error: null, done: expect.stringContaining(`would start ${prefix}1`) });
  expect(await metricsOf(stack.scheduler)).toContainEqual(
    expect.stringMatching(/^scaling_decisions_total\{direction="out",cause="(?:load|max)",outcome="done",driver="local",dry_run="true"\} [1-9]/),
  );
  await proveAll(stack, stack, ran);
  expect((await workersOf(stack.url)).map(({ workerId }) => workerId)).toEqual(['worker-1']);
  expect(processesWith(`--worker-id=${prefix}`)).toEqual([]);
}, 60_000);
