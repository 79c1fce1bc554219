/**
 * A real system with successes, failures, retries, a dead letter and a worker that was killed, scraped by a real Prometheus as it is configured for
 * operators: what processes tell is what is documented, and each panel of each dashboard has something to show.
 */
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { parse } from 'yaml';
import type { Teller } from '../../src/observe/meters';
import { dashboards } from '../harness/dashboards';
import { projectRoot, type RunningRole } from '../harness/processes';
import { startPrometheus, type RunningPrometheus, type Sampled } from '../harness/prometheus';
import { startRealStack, type RealStack } from '../harness/stacks';
import { until } from '../harness/until';
import { expectTold } from '../observe/told';

const SCRAPED = 'config/prometheus';
const metricsOf = async (url: string): Promise<string> => (await fetch(`${url}/actuator/prometheus`)).text();

interface Configuration {
  readonly global: object;
  readonly scrape_configs: readonly { readonly job_name: string; readonly http_sd_configs?: readonly { readonly url: string }[] }[];
}

/** As it is shipped, but for the scheduler's address and for how often: a test waits for no minute. */
const configurationFor = (url: string): object => {
  const shipped = parse(readFileSync(path.join(projectRoot, SCRAPED, 'prometheus.yml'), 'utf8')) as Configuration;
  const { pathname } = new URL(shipped.scrape_configs[0]!.http_sd_configs![0]!.url);
  return {
    ...shipped,
    global: { scrape_interval: '500ms', evaluation_interval: '1s' },
    rule_files: [path.join(projectRoot, SCRAPED, 'rules/*.yml')],
    scrape_configs: shipped.scrape_configs
      .filter(({ job_name: name }) => name === 'task-scheduler')
      .map((job) => ({ ...job, http_sd_configs: [{ url: `${url}${pathname}`, refresh_interval: '1s' }] })),
  };
};

let stack: RealStack;
let prometheus: RunningPrometheus;
let survivor: RunningRole;

const QUICK = { durationMs: [5, 30] as [number, number], failureRate: 0 };
const AUTOSCALING = { AUTOSCALING_ENABLED: 'true', AUTOSCALING_DRY_RUN: 'true', AUTOSCALING_INTERVAL_MS: '500' };

const submitSome = async (): Promise<string[]> => {
  const once = { maxRetries: 0 };
  const again = { maxRetries: 1, backoff: { type: 'fixed', initialMs: 20, factor: 1, maxMs: 20, jitter: 0 } } as const;
  const all = await Promise.all([
    ...Array.from({ length: 10 }, (_, i) =>
      stack.api.submit({
        dagName: `diamond-${String(i)}`,
        simulate: QUICK,
        tasks: [
          { taskName: 'a', type: 'API_CALL' },
          ...['b', 'c'].map((taskName) => ({ taskName, type: 'DATA_PROCESSING', dependencies: ['a'], priority: 9 })),
          { taskName: 'd', type: 'NOTIFICATION', dependencies: ['b', 'c'] },
        ],
      }),
    ),
    stack.api.submit({ dagName: 'fails', tasks: [{ taskName: 'f', type: 'API_CALL', ...again, simulate: { ...QUICK, failureRate: 1 } }] }),
    stack.api.submit({ dagName: 'gives-up', tasks: [{ taskName: 'g', type: 'FILE_PROCESSING', ...once, simulate: { ...QUICK, failureRate: 1 } }] }),
  ]);
  return all.map(({ dagId }) => dagId);
};

/** Long tasks on both workers, of which one is killed: what it had runs again elsewhere. */
const loseAWorker = async (): Promise<void> => {
  const tasks = Array.from({ length: 8 }, (_, i) => ({ taskName: `t${String(i)}`, type: 'API_CALL' }));
  const { dagId } = await stack.api.submit({ dagName: 'loses', simulate: { durationMs: 1500, failureRate: 0 }, tasks });
  await until(async () => (await stack.api.tasks(dagId)).filter(({ status }) => status === 'RUNNING').length === 8, { what: 'all to run' });
  const [killed, other] = stack.workers;
  survivor = other!;
  await killed!.kill();
  expect(await stack.api.wait(dagId)).toMatchObject({ status: 'COMPLETED' });
};

const one = async (expression: string): Promise<number | undefined> => (await prometheus.query(expression))[0]?.value;
const untilIs = (expression: string, value: number): Promise<unknown> =>
  until(async () => (await one(expression)) === value, { what: `${expression} to be ${String(value)}`, timeoutMs: 20_000, everyMs: 100 });

/** A second scheduler comes, takes its part of the shards, and leaves them to the first one again. */
const loseAScheduler = async (second: RunningRole): Promise<void> => {
  await untilIs('count(shards_owned == 4)', 2);
  await untilIs('sum(scheduler_leading)', 1);
  await untilIs('sum(worker_count)', 2);
  await second.terminate();
  await untilIs('max(shards_owned)', 8);
};

beforeAll(async () => {
  stack = await startRealStack({ workers: 2, env: AUTOSCALING });
  const [started, second] = await Promise.all([startPrometheus(configurationFor(stack.url)), stack.startScheduler()]);
  prometheus = started;
  await fetch(`${stack.url}/api/v1/limits/type/API_CALL`, {
    method: 'PUT',
    headers: { 'Content-Type': 'application/json' },
    body: JSON.stringify({ maxRunning: 50 }),
  });
  // What a counter was before it was first scraped is no increase.
  await untilIs('sum(up{job="task-scheduler"})', 4);
  await loseAScheduler(second);
  const dags = await submitSome();
  for (const dagId of dags) await stack.api.wait(dagId);
  await loseAWorker();
}, 90_000);

const ROLES: readonly (readonly [string, () => RunningRole, readonly Teller[]])[] = [
  ['scheduler', () => stack.scheduler, ['process', 'scheduler', 'leader']],
  ['worker', () => survivor, ['process', 'worker']],
];

test.each(ROLES)('a %s tells what docs/metrics.md says, and nothing else', async (_name, role, tellers) => {
  await expectTold(await metricsOf(role().url), tellers);
});

test('the figures tell of what happened', async () => {
  const text = await metricsOf(stack.url);
  const value = (series: string): number => Number(new RegExp(`^${series.replaceAll(/[{}"]/g, '\\$&')} (.*)$`, 'm').exec(text)?.[1]);
  expect(value('tasks_finished_total{type="API_CALL",outcome="COMPLETED"}')).toBe(18);
  expect(value('task_retries_total{type="API_CALL"}')).toBe(1);
  expect(value('dead_letters_total{kind="HANDLER"}')).toBe(2);
  // 48 of the 50 that became final.
  expect(value('task_success_rate')).toBe(96);
  expect(value('dispatch_latency_seconds_count{stage="ready_to_sent"}')).toBeGreaterThanOrEqual(51);
  const lost = value('tasks_lost_total');
  expect(lost).toBeGreaterThan(0);
  expect(value('task_recovery_seconds_count')).toBe(lost);
  expect(value('task_recovery_seconds_bucket{le="5"}')).toBe(lost);
  expect(value('task_recovery_seconds_bucket{le="1"}')).toBe(0);
  await untilIs('sum(worker_count)', 1);
  // It is scraped no more.
  await untilIs('count(up{role="worker"})', 1);
  // Two schedulers saw both workers, and one of them told.
  expect(await one('max_over_time(sum(worker_count)[1m:500ms])')).toBe(2);
});

const isShown = (samples: readonly Sampled[]): boolean => samples.some(({ value }) => !Number.isNaN(value));
const asked = (expression: string): string => expression.replaceAll('$__rate_interval', '1m').replaceAll('$type', '.*');

test('every panel has something to show', async () => {
  const queries = dashboards().flatMap(({ uid, panels }) =>
    panels.flatMap(({ title, targets }) => targets.map(({ expr }) => ({ panel: `${uid}: ${title}`, expr }))),
  );
  expect(queries.length).toBeGreaterThan(60);
  const empty = async (): Promise<string[]> => {
    const answers = await Promise.all(queries.map(async ({ expr }) => isShown(await prometheus.query(asked(expr)))));
    return queries.filter((_, i) => answers[i] !== true).map(({ panel, expr }) => `${panel}: ${expr}`);
  };
  // Two scrapes after the last event, and after the doctor's second look.
  let missing: string[] = [];
  const isComplete = async (): Promise<boolean> => (missing = await empty()).length === 0;
  await until(isComplete, { what: 'every panel to have data', timeoutMs: 45_000, everyMs: 250 }).catch(() => undefined);
  // Not asked once more: a scrape that comes too late on a busy machine hides a whole process for a second.
  expect(missing).toEqual([]);
}, 60_000);

test('the rules are at work', async () => {
  const recorded = async (): Promise<string[]> => {
    const names = (
      parse(readFileSync(path.join(projectRoot, SCRAPED, 'rules/recording.yml'), 'utf8')) as { groups: { rules: { record: string }[] }[] }
    ).groups
      .flatMap(({ rules }) => rules)
      .map(({ record }) => record);
    const answers = await Promise.all(names.map(async (name) => (await prometheus.query(name)).length));
    return names.filter((_, i) => answers[i] === 0);
  };
  await until(async () => (await recorded()).length === 0, { what: 'all sums to be recorded' });
  const { groups } = await prometheus.get<{ groups: { rules: { name: string; health: string; lastError?: string; state?: string }[] }[] }>(
    '/api/v1/rules',
  );
  const rules = groups.flatMap(({ rules: all }) => all);
  expect(rules.filter(({ health }) => health !== 'ok')).toEqual([]);
  expect(rules.filter(({ state }) => state === 'firing').map(({ name }) => name)).toEqual(['DeadLetters']);
});
