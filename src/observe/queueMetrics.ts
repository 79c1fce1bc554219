/** What waits, what runs, and how long it takes until what is ready begins. */
import type { LiveWorker } from '../ports/leases';
import { STEP_SECONDS } from './buckets';
import type { Making, Sample } from './meters';

/** What waits and what runs at one moment. */
export interface Census {
  readonly waiting: readonly { readonly priority: number; readonly type: string; readonly size: number }[];
  readonly running: ReadonlyMap<string, number>;
}

export interface QueueMetricsNeeds {
  readonly types: readonly string[];
  readonly census?: () => Census;
  readonly workers?: () => readonly LiveWorker[];
  readonly dags?: () => ReadonlyMap<string, number>;
  readonly shards?: () => number;
}

/** The priority of tasks that say none: its series are there from the start. */
const USUAL_PRIORITY = 5;

const waitingIn = (census: Census, types: readonly string[]): Sample[] => {
  const sizes = new Map(types.map((type) => [`${String(USUAL_PRIORITY)} ${type}`, { priority: USUAL_PRIORITY, type, size: 0 }]));
  for (const each of census.waiting) sizes.set(`${String(each.priority)} ${each.type}`, each);
  return [...sizes.values()].map(({ priority, type, size }) => [size, { priority, type }]);
};

const runningIn = (census: Census, types: readonly string[]): Sample[] => {
  const counts = new Map([...types.map((type) => [type, 0] as const), ...census.running]);
  return [...counts].map(([type, count]) => [count, { type }]);
};

const LATENCIES = {
  name: 'dispatch_latency_seconds',
  help: 'Seconds that tasks spent in each stage of their dispatch: ready_to_sent (told by schedulers), sent_to_claimed and claimed_to_started (told by workers; the first of them compares two clocks).',
  unit: 'seconds',
  labels: ['stage'],
  by: ['scheduler', 'worker'],
  buckets: STEP_SECONDS,
} as const;

const latencyMetrics = ({ meters, listen }: Making): void => {
  const latency = meters.histogram(LATENCIES);
  const sent = latency.of('ready_to_sent');
  const claimed = latency.of('sent_to_claimed');
  const started = latency.of('claimed_to_started');
  listen('dispatch.sent', ({ waitsMs }) => {
    for (const ms of waitsMs) sent.observe(ms / 1000);
  });
  listen('execution.started', ({ sinceSentMs, sinceClaimedMs }) => {
    claimed.observe(Math.max(0, sinceSentMs - sinceClaimedMs) / 1000);
    started.observe(Math.max(0, sinceClaimedMs) / 1000);
  });
};

/** Adds them. */
export const queueMetrics = (making: Making, { types, census, workers, dags, shards }: QueueMetricsNeeds): void => {
  const { meters } = making;
  const nothing: Census = { waiting: [], running: new Map() };
  const counted = (): Census => census?.() ?? nothing;
  const waiting = { labels: ['priority', 'type'], by: ['scheduler'], read: () => waitingIn(counted(), types) } as const;
  meters.gauge({
    ...waiting,
    name: 'task_queue_size',
    help: 'Tasks of the own shards that are ready and that no worker is known to have begun, by priority and type.',
    unit: 'tasks',
  });
  meters.gauge({ ...waiting, name: 'tasks_queued', help: 'The same as task_queue_size.', unit: 'tasks' });
  meters.gauge({
    name: 'tasks_running',
    help: 'Tasks of the own shards that are known to run; those that are over within a tenth of a second never are.',
    unit: 'tasks',
    labels: ['type'],
    by: ['scheduler'],
    read: () => runningIn(counted(), types),
  });
  meters.gauge({
    name: 'dags_live',
    help: 'DAGs of the own shards that are not over, by status.',
    unit: 'DAGs',
    labels: ['status'],
    by: ['scheduler'],
    read: () => ['CREATED', 'RUNNING', 'PAUSED'].map((status): Sample => [dags?.().get(status) ?? 0, { status }]),
  });
  meters.gauge({ name: 'shards_owned', help: 'Shards that this process owns.', unit: 'shards', by: ['scheduler'], read: () => [[shards?.() ?? 0]] });
  meters.gauge({
    name: 'workers_known',
    help: 'Live workers that this process sends to, as of its last look: each scheduler sees the same ones.',
    unit: 'workers',
    by: ['scheduler'],
    read: () => [[workers?.().length ?? 0]],
  });
  latencyMetrics(making);
};
