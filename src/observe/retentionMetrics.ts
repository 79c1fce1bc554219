/** Metrics of what is kept no longer. */
import type { Making } from './meters';

/** From a file of a few DAGs to gigabytes in a bucket that is far away. */
const STORE_SECONDS = [0.01, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300];

/** Adds them. */
export const retentionMetrics = ({ meters, listen }: Making): void => {
  const by = ['scheduler'] as const;
  const expired = meters
    .counter({ name: 'dags_expired_total', help: 'DAGs that were kept no longer and removed by this process.', unit: 'DAGs', by })
    .of();
  const bytes = meters.counter({ name: 'archived_bytes_total', help: 'Bytes of archives that this process wrote.', unit: 'bytes', by }).of();
  const retries = meters
    .counter({
      name: 'archive_retries_total',
      help: 'Requests to the S3-compatible store of archives that were tried again.',
      unit: 'requests',
      by,
    })
    .of();
  const seconds = meters.histogram({
    name: 'archive_store_seconds',
    help: 'Seconds that storing an archive took, by outcome (stored, failed); what failed is not removed.',
    unit: 'seconds',
    labels: ['outcome'],
    buckets: STORE_SECONDS,
    by,
  });
  const cuts = meters.counter({
    name: 'month_cuts_total',
    help: 'Divisions of tasks and attempts by months, by outcome (cut; occupied: later rows were there already).',
    unit: 'divisions',
    labels: ['outcome'],
    by,
  });
  const dropped = meters
    .counter({ name: 'month_dropped_bytes_total', help: 'Bytes of tasks and attempts that were dropped with their month.', unit: 'bytes', by })
    .of();
  listen('month.cut', () => {
    cuts.of('cut').add();
  });
  listen('month.uncut', () => {
    cuts.of('occupied').add();
  });
  listen('month.dropped', ({ bytes: freed }) => {
    dropped.add(freed);
  });
  listen('dags.expired', ({ count }) => {
    expired.add(count);
  });
  listen('archive.ended', ({ outcome, bytes: stored, tookMs }) => {
    seconds.of(outcome).observe(tookMs / 1000);
    bytes.add(stored);
  });
  listen('archive.retried', ({ count }) => {
    retries.add(count);
  });
};
