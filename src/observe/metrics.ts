/** Metrics for Prometheus, fed by what the stages announce. Labels are bounded: types, priorities, outcomes, never ids. */
import { Counter, Gauge, Histogram, Registry, collectDefaultMetrics } from 'prom-client';
import type { Clock } from '../ports/clock';
import type { Listen } from '../ports/happenings';
import type { LiveWorker } from '../ports/leases';
import { keptBackMetrics, type KeptBackNeeds } from './keptBackMetrics';
import { scalingMetrics } from './scalingMetrics';
import { createSuccessRate } from './successRate';

/** How many tasks wait to be dispatched, by priority and type. */
export interface QueueSize {
  readonly priority: number;
  readonly type: string;
  readonly size: number;
}

export interface MetricsNeeds extends KeptBackNeeds {
  readonly listen: Listen;
  readonly clock: Pick<Clock, 'monotonic'>;
  /** The task types of this deployment: their series exist from the start. */
  readonly types: readonly string[];
  /** Only in a process that schedules. */
  readonly queue?: { sizes(): readonly QueueSize[] };
  readonly workers?: () => readonly LiveWorker[];
}

export interface Metrics {
  readonly contentType: string;
  /** All metrics in Prometheus' text format. */
  text(): Promise<string>;
}

/** From a millisecond to ten minutes. */
const TASK_SECONDS = [0.001, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300, 600];
const BATCH_SIZES = [1, 2, 5, 10, 20, 50, 100, 200, 500, 1000, 2000, 5000, 10_000];
const STEP_SECONDS = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5];

interface Making {
  readonly registry: Registry;
  readonly listen: Listen;
}

const queueMetrics = ({ registry }: Making, { queue, workers, types }: MetricsNeeds): void => {
  const size: Gauge<'priority' | 'type'> = new Gauge({
    name: 'task_queue_size',
    help: 'Tasks that are ready and wait to be dispatched.',
    labelNames: ['priority', 'type'],
    registers: [registry],
    collect: () => {
      if (queue === undefined) return;
      size.reset();
      for (const type of types) size.set({ priority: '5', type }, 0);
      for (const one of queue.sizes()) size.set({ priority: String(one.priority), type: one.type }, one.size);
    },
  });
  const count: Gauge<'state'> = new Gauge({
    name: 'worker_count',
    help: 'Live workers by state.',
    labelNames: ['state'],
    registers: [registry],
    collect: () => {
      if (workers === undefined) return;
      const live = workers();
      const draining = live.filter((worker) => worker.draining).length;
      count.set({ state: 'active' }, live.length - draining);
      count.set({ state: 'draining' }, draining);
    },
  });
  const slots: Gauge<'state'> = new Gauge({
    name: 'worker_slots',
    help: 'Slots of all live workers, taken and free.',
    labelNames: ['state'],
    registers: [registry],
    collect: () => {
      if (workers === undefined) return;
      const live = workers();
      const free = live.reduce((sum, worker) => sum + worker.freeSlots, 0);
      slots.set({ state: 'free' }, free);
      slots.set({ state: 'taken' }, live.reduce((sum, worker) => sum + worker.slots, 0) - free);
    },
  });
};

const executionMetrics = ({ registry, listen }: Making, types: readonly string[]): void => {
  const seconds = new Histogram({
    name: 'task_execution_time',
    help: 'Seconds that handlers ran, one attempt each.',
    labelNames: ['type'],
    buckets: TASK_SECONDS,
    registers: [registry],
  });
  const ended = new Counter({
    name: 'task_executions_total',
    help: 'Attempts that ended here.',
    labelNames: ['type', 'outcome'],
    registers: [registry],
  });
  const wait = new Histogram({
    name: 'task_start_delay_seconds',
    help: 'Seconds from the sending of a task to its start.',
    buckets: STEP_SECONDS,
    registers: [registry],
  });
  for (const type of types) seconds.zero({ type });
  listen('execution.started', ({ sinceSentMs }) => {
    wait.observe(Math.max(0, sinceSentMs) / 1000);
  });
  const stuck = new Counter({
    name: 'task_handlers_stuck_total',
    help: 'Handlers that ignored their signal past the hard limit where they can not be ended alone.',
    labelNames: ['type'],
    registers: [registry],
  });
  listen('execution.stuck', ({ type }) => {
    stuck.inc({ type });
  });
  const sizes = new Histogram({
    name: 'task_batch_size',
    help: 'Tasks that handlers of many tasks got in one call.',
    labelNames: ['type'],
    buckets: BATCH_SIZES,
    registers: [registry],
  });
  listen('batch.called', ({ type, size }) => {
    sizes.observe({ type }, size);
  });
  listen('execution.finished', ({ type, outcome, runningMs }) => {
    seconds.observe({ type }, runningMs / 1000);
    ended.inc({ type, outcome });
  });
};

const resultMetrics = ({ registry, listen }: Making, clock: MetricsNeeds['clock']): void => {
  const rate = createSuccessRate(clock);
  const gauge: Gauge = new Gauge({
    name: 'task_success_rate',
    help: 'Percent of the tasks that ended in the last five minutes and were COMPLETED, not FAILED; NaN where none ended.',
    registers: [registry],
    collect: () => {
      gauge.set(rate.percent());
    },
  });
  const tasks = new Counter({
    name: 'tasks_finished_total',
    help: 'Tasks that came to their end.',
    labelNames: ['type', 'outcome'],
    registers: [registry],
  });
  const retries = new Counter({ name: 'task_retries_total', help: 'Failed attempts that are followed by another one.', registers: [registry] });
  const lost = new Counter({ name: 'tasks_lost_total', help: 'Executions lost with their worker.', registers: [registry] });
  const admitted = new Counter({ name: 'dags_admitted_total', help: 'DAGs that were stored.', registers: [registry] });
  const dags = new Counter({ name: 'dags_finished_total', help: 'DAGs that came to their end.', labelNames: ['status'], registers: [registry] });
  const expired = new Counter({
    name: 'dags_expired_total',
    help: 'DAGs that were kept no longer and removed by this process.',
    registers: [registry],
  });
  const archived = new Counter({ name: 'archived_bytes_total', help: 'Bytes of archives that this process wrote.', registers: [registry] });
  listen('dags.expired', ({ count, bytes }) => {
    expired.inc(count);
    archived.inc(bytes);
  });
  listen('task.finished', ({ type, outcome }) => {
    tasks.inc({ type, outcome });
    if (outcome === 'COMPLETED') rate.count('completed');
    if (outcome === 'FAILED') rate.count('failed');
  });
  listen('task.retrying', () => {
    retries.inc();
  });
  listen('task.lost', () => {
    lost.inc();
  });
  listen('dag.admitted', ({ count }) => {
    admitted.inc(count);
  });
  listen('dag.finished', ({ status }) => {
    dags.inc({ status });
  });
};

const seconds = (registry: Registry, name: string, help: string): Histogram =>
  new Histogram({ name, help, buckets: STEP_SECONDS, registers: [registry] });

/** The engine's own steps: how long each takes, and how often it fails. */
const stepMetrics = ({ registry, listen }: Making): void => {
  const dispatches = new Counter({ name: 'task_dispatches_total', help: 'Tasks sent to workers.', labelNames: ['outcome'], registers: [registry] });
  const claims = new Counter({ name: 'task_claims_total', help: 'Claims asked for.', labelNames: ['answer'], registers: [registry] });
  const events = new Counter({ name: 'events_committed_total', help: 'Events whose effect was stored.', registers: [registry] });
  const refused = new Counter({
    name: 'events_refused_total',
    help: 'Events that came too late to have an effect.',
    labelNames: ['type'],
    registers: [registry],
  });
  const failures = new Counter({
    name: 'step_failures_total',
    help: 'Steps that failed and are tried again.',
    labelNames: ['step'],
    registers: [registry],
  });
  const dispatch = seconds(registry, 'dispatch_seconds', 'Seconds that sending a batch of tasks took.');
  const waited = seconds(registry, 'dispatch_wait_seconds', 'Seconds that tasks were ready before they were sent.');
  const claim = seconds(registry, 'claim_seconds', 'Seconds that a batch of claims took.');
  const report = seconds(registry, 'report_seconds', 'Seconds until a batch of reports was durable.');
  const commit = seconds(registry, 'commit_seconds', 'Seconds that a commit took.');
  const admit = seconds(registry, 'admit_seconds', 'Seconds that storing a batch of new DAGs took.');
  listen('dispatch.sent', ({ count, tookMs, waitedMs }) => {
    dispatches.inc({ outcome: 'sent' }, count);
    dispatch.observe(tookMs / 1000);
    waited.observe(Math.max(0, waitedMs) / 1000);
  });
  listen('dispatch.failed', ({ count }) => {
    dispatches.inc({ outcome: 'failed' }, count);
  });
  listen('claim.answered', ({ granted, refused: no, tookMs }) => {
    claims.inc({ answer: 'granted' }, granted);
    claims.inc({ answer: 'refused' }, no);
    claim.observe(tookMs / 1000);
  });
  listen('report.sent', ({ tookMs }) => {
    report.observe(tookMs / 1000);
  });
  listen('commit.done', ({ events: count, tookMs }) => {
    events.inc(count);
    commit.observe(tookMs / 1000);
  });
  listen('commit.failed', () => {
    failures.inc({ step: 'commit' });
  });
  listen('loop.failed', ({ loop }) => {
    failures.inc({ step: loop });
  });
  listen('event.refused', ({ type }) => {
    refused.inc({ type });
  });
  listen('dag.admitted', ({ tookMs }) => {
    admit.observe(tookMs / 1000);
  });
};

/** Only the process that leads has them: elsewhere, and where nobody could look, there is no series. */
const auditMetrics = ({ registry, listen }: Making): void => {
  const findings = new Gauge({
    name: 'doctor_findings',
    help: 'Violated invariants that two looks found, by check. Told by the scheduler that leads.',
    labelNames: ['check'],
    registers: [registry],
  });
  listen('audit.done', ({ counts }) => {
    findings.reset();
    for (const [check, count] of Object.entries(counts)) findings.set({ check }, count);
  });
  listen('lead.changed', () => {
    findings.reset();
  });
};

const httpMetrics = ({ registry, listen }: Making): void => {
  const requests = new Histogram({
    name: 'http_request_seconds',
    help: 'Seconds until a request was answered.',
    labelNames: ['method', 'route', 'status'],
    buckets: STEP_SECONDS,
    registers: [registry],
  });
  listen('http.answered', ({ method, route, status, tookMs }) => {
    requests.observe({ method, route, status: String(status) }, tookMs / 1000);
  });
};

/** Makes the metrics of one process, in a registry of their own. */
export const createMetrics = (needs: MetricsNeeds): Metrics => {
  const registry = new Registry();
  const making: Making = { registry, listen: needs.listen };
  collectDefaultMetrics({ register: registry });
  queueMetrics(making, needs);
  executionMetrics(making, needs.types);
  resultMetrics(making, needs.clock);
  stepMetrics(making);
  auditMetrics(making);
  scalingMetrics(making);
  keptBackMetrics(making, needs);
  httpMetrics(making);
  return { contentType: registry.contentType, text: () => registry.metrics() };
};
