/** What became of tasks and DAGs, as the law applied it: told by the scheduler that owned their shard then. */
import { FAILURE_KINDS } from '../core/dag';
import type { Clock } from '../ports/clock';
import { TASK_SECONDS } from './buckets';
import { createSuccessRate } from './successRate';
import type { Making } from './meters';

const by = ['scheduler'] as const;

const RECOVERY_SECONDS = [0.1, 0.25, 0.5, 1, 1.5, 2, 2.5, 3, 4, 5, 7.5, 10, 30, 60];
const DAG_SECONDS = [...TASK_SECONDS, 1800, 3600, 21_600, 86_400];

const taskMetrics = ({ meters, listen }: Making, clock: Pick<Clock, 'monotonic'>): void => {
  const rate = createSuccessRate(clock);
  meters.gauge({
    name: 'task_success_rate',
    help: 'Percent that were COMPLETED of the tasks that became final in the last five minutes, retries not counted; NaN before the first.',
    unit: 'percent',
    by,
    read: () => [[rate.percent()]],
  });
  meters.gauge({
    name: 'task_success_ratio',
    help: 'The same as task_success_rate, from 0 to 1.',
    unit: 'ratio',
    by,
    read: () => [[rate.percent() / 100]],
  });
  const tasks = meters.counter({
    name: 'tasks_finished_total',
    help: 'Tasks that came to their end, by how: COMPLETED, FAILED, SKIPPED or CANCELLED.',
    unit: 'tasks',
    labels: ['type', 'outcome'],
    by,
  });
  const retries = meters.counter({
    name: 'task_retries_total',
    help: 'Failed attempts that are followed by another one.',
    unit: 'attempts',
    labels: ['type'],
    by,
  });
  const letters = meters.counter({
    name: 'dead_letters_total',
    help: 'Tasks that gave up and became dead letters, by what went wrong at last.',
    unit: 'tasks',
    labels: ['kind'],
    by,
  });
  for (const kind of FAILURE_KINDS) letters.of(kind);
  listen('task.finished', ({ type, outcome }) => {
    tasks.of(type, outcome).add();
    rate.count(outcome === 'COMPLETED' ? 'completed' : 'other');
  });
  listen('task.retrying', ({ type }) => {
    retries.of(type).add();
  });
  listen('task.gaveUp', ({ kind }) => {
    letters.of(kind).add();
  });
};

const dagMetrics = ({ meters, listen }: Making): void => {
  const admitted = meters.counter({ name: 'dags_admitted_total', help: 'DAGs that were stored.', unit: 'DAGs', by }).of();
  const tasks = meters.counter({ name: 'tasks_admitted_total', help: 'Tasks of DAGs that were stored.', unit: 'tasks', by }).of();
  const dags = meters.counter({ name: 'dags_finished_total', help: 'DAGs that came to their end.', unit: 'DAGs', labels: ['status'], by });
  const took = meters.histogram({
    name: 'dag_seconds',
    help: 'Seconds from the submission of a DAG to its end.',
    unit: 'seconds',
    labels: ['status'],
    by,
    buckets: DAG_SECONDS,
  });
  for (const status of ['COMPLETED', 'FAILED', 'CANCELLED']) dags.of(status);
  listen('dag.admitted', ({ count, tasks: more }) => {
    admitted.add(count);
    tasks.add(more);
  });
  listen('dag.finished', ({ status, tookMs }) => {
    dags.of(status).add();
    took.of(status).observe(Math.max(0, tookMs) / 1000);
  });
};

/** Losses and what is done about them, and second copies. */
const recoveryMetrics = ({ meters, listen }: Making): void => {
  const lost = meters.counter({ name: 'tasks_lost_total', help: 'Executions lost with their worker.', unit: 'attempts', by }).of();
  const recovery = meters
    .histogram({
      name: 'task_recovery_seconds',
      help: 'Seconds from the last sign of life of a lost worker until a task that it had was sent again.',
      unit: 'seconds',
      by,
      buckets: RECOVERY_SECONDS,
    })
    .of();
  const takeover = meters
    .histogram({
      name: 'shard_takeover_seconds',
      help: 'Seconds that taking a shard and reading its live DAGs took.',
      unit: 'seconds',
      by,
      buckets: RECOVERY_SECONDS,
    })
    .of();
  const copies = meters.counter({
    name: 'task_copies_total',
    help: 'Second copies of tasks: those that were started, and of these the ones whose result counted (won) or did not (lost).',
    unit: 'attempts',
    labels: ['outcome'],
    by,
  });
  for (const outcome of ['started', 'won', 'lost']) copies.of(outcome);
  listen('task.lost', () => {
    lost.add();
  });
  listen('task.recovered', ({ tookMs }) => {
    recovery.observe(tookMs / 1000);
  });
  listen('shard.taken', ({ tookMs }) => {
    takeover.observe(tookMs / 1000);
  });
  listen('task.copied', () => {
    copies.of('started').add();
  });
  listen('copy.over', ({ outcome }) => {
    copies.of(outcome).add();
  });
};

/** Adds them. */
export const resultMetrics = (making: Making, clock: Pick<Clock, 'monotonic'>): void => {
  taskMetrics(making, clock);
  dagMetrics(making);
  recoveryMetrics(making);
};
