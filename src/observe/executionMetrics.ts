/** What workers tell of the handlers that they run. */
import { BATCH_SIZES, TASK_SECONDS } from './buckets';
import type { Count, Making, Spread } from './meters';

export interface ExecutionMetricsNeeds {
  readonly types: readonly string[];
  readonly slots?: number;
}

const OUTCOMES = ['completed', 'failed', 'aborted', 'withdrawn'] as const;
type Outcome = (typeof OUTCOMES)[number];

interface OfType {
  readonly seconds: Spread;
  readonly ended: Readonly<Record<Outcome, Count>>;
}

const endMetrics = ({ meters, listen }: Making, types: readonly string[]): void => {
  const seconds = meters.histogram({
    name: 'task_execution_time',
    help: 'Seconds that handlers ran, one attempt each, by type.',
    unit: 'seconds',
    labels: ['type'],
    by: ['worker'],
    buckets: TASK_SECONDS,
    also: { name: 'task_execution_seconds', help: 'The same as task_execution_time.', unit: 'seconds' },
  });
  const ended = meters.counter({
    name: 'task_executions_total',
    help: 'Attempts that ended at this worker, by how: completed, failed, aborted or withdrawn.',
    unit: 'attempts',
    labels: ['type', 'outcome'],
    by: ['worker'],
  });
  const known = new Map<string, OfType>();
  const ofType = (type: string): OfType => {
    let found = known.get(type);
    if (found === undefined) {
      const counts = Object.fromEntries(OUTCOMES.map((outcome) => [outcome, ended.of(type, outcome)])) as Record<Outcome, Count>;
      known.set(type, (found = { seconds: seconds.of(type), ended: counts }));
    }
    return found;
  };
  for (const type of types) ofType(type);
  listen('execution.finished', ({ type, outcome, runningMs }) => {
    const series = ofType(type);
    series.seconds.observe(runningMs / 1000);
    series.ended[outcome].add();
  });
};

/** Adds them. */
export const executionMetrics = (making: Making, { types, slots }: ExecutionMetricsNeeds): void => {
  const { meters, listen } = making;
  endMetrics(making, types);
  let running = 0;
  listen('execution.started', () => {
    running += 1;
  });
  listen('execution.finished', () => {
    running -= 1;
  });
  meters.gauge({ name: 'executions_running', help: 'Attempts that run in this process.', unit: 'attempts', by: ['worker'], read: () => [[running]] });
  meters.gauge({
    name: 'execution_slots',
    help: 'Slots of this process: so many attempts run at once, or calls of handlers that take many tasks.',
    unit: 'slots',
    by: ['worker'],
    read: () => [[slots ?? 0]],
  });
  const stuck = meters.counter({
    name: 'task_handlers_stuck_total',
    help: 'Handlers that ignored their signal past the hard limit where they can not be ended alone.',
    unit: 'attempts',
    labels: ['type'],
    by: ['worker'],
  });
  for (const type of types) stuck.of(type);
  listen('execution.stuck', ({ type }) => {
    stuck.of(type).add();
  });
  const dropped = meters.counter({
    name: 'task_log_lines_dropped_total',
    help: 'Lines of tasks that were dropped: leaving their handler (handler), because too much waited here (buffer), or because Kafka was away (sending).',
    unit: 'lines',
    labels: ['where'],
    by: ['worker'],
  });
  const droppedAt = { handler: dropped.of('handler'), buffer: dropped.of('buffer'), sending: dropped.of('sending') };
  listen('lines.dropped', ({ handler, buffer, sending }) => {
    droppedAt.handler.add(handler);
    droppedAt.buffer.add(buffer);
    droppedAt.sending.add(sending);
  });
  const sizes = meters.histogram({
    name: 'task_batch_size',
    help: 'Tasks that handlers of many tasks got in one call.',
    unit: 'tasks',
    labels: ['type'],
    by: ['worker'],
    buckets: BATCH_SIZES,
  });
  listen('batch.called', ({ type, size }) => {
    sizes.of(type).observe(size);
  });
};
