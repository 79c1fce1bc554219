/** The engine's own steps: how long each takes, how much it carries, how often it fails, and what was refused. */
import { BATCH_SIZES, STEP_SECONDS } from './buckets';
import type { Making, Spread, Teller } from './meters';

const seconds = ({ meters }: Making, name: string, { help, by }: { readonly help: string; readonly by: readonly Teller[] }): Spread =>
  meters.histogram({ name, help, by, unit: 'seconds', buckets: STEP_SECONDS }).of();

/** How much the steps carry at once. */
const sizeMetrics = ({ meters, listen }: Making): void => {
  const sizes = meters.histogram({
    name: 'step_batch_size',
    help: 'How much went through a step at once: DAGs (admit), tasks (dispatch, claim), events (report, commit).',
    unit: 'items',
    labels: ['step'],
    by: ['scheduler', 'worker'],
    buckets: BATCH_SIZES,
  });
  const [admit, dispatch, claim] = [sizes.of('admit'), sizes.of('dispatch'), sizes.of('claim')];
  const [report, commit] = [sizes.of('report'), sizes.of('commit')];
  listen('dag.admitted', ({ count }) => {
    admit.observe(count);
  });
  listen('dispatch.sent', ({ count }) => {
    dispatch.observe(count);
  });
  listen('claim.answered', ({ granted, refused }) => {
    claim.observe(granted + refused);
  });
  listen('report.sent', ({ events }) => {
    report.observe(events);
  });
  listen('commit.done', ({ events }) => {
    commit.observe(events);
  });
};

const schedulerSteps = (making: Making): void => {
  const { meters, listen } = making;
  const by = ['scheduler'] as const;
  const dispatches = meters.counter({ name: 'task_dispatches_total', help: 'Tasks sent to workers.', unit: 'tasks', labels: ['outcome'], by });
  const [sent, failed] = [dispatches.of('sent'), dispatches.of('failed')];
  const events = meters.counter({ name: 'events_committed_total', help: 'Events whose effect was stored.', unit: 'events', by }).of();
  const dispatch = seconds(making, 'dispatch_seconds', { help: 'Seconds that sending a batch of tasks took.', by });
  const commit = seconds(making, 'commit_seconds', { help: 'Seconds that a commit took.', by });
  const admit = seconds(making, 'admit_seconds', { help: 'Seconds that storing a batch of new DAGs took.', by });
  listen('dispatch.sent', ({ count, tookMs }) => {
    sent.add(count);
    dispatch.observe(tookMs / 1000);
  });
  listen('dispatch.failed', ({ count }) => {
    failed.add(count);
  });
  listen('commit.done', ({ events: count, tookMs }) => {
    events.add(count);
    commit.observe(tookMs / 1000);
  });
  listen('dag.admitted', ({ tookMs }) => {
    admit.observe(tookMs / 1000);
  });
};

const workerSteps = (making: Making): void => {
  const { meters, listen } = making;
  const by = ['worker'] as const;
  const claims = meters.counter({ name: 'task_claims_total', help: 'Claims asked for.', unit: 'claims', labels: ['answer'], by });
  const [yes, no] = [claims.of('granted'), claims.of('refused')];
  const claim = seconds(making, 'claim_seconds', { help: 'Seconds that a batch of claims took.', by });
  const report = seconds(making, 'report_seconds', { help: 'Seconds until a batch of reports was durable.', by });
  listen('claim.answered', ({ granted, refused, tookMs }) => {
    yes.add(granted);
    no.add(refused);
    claim.observe(tookMs / 1000);
  });
  listen('report.sent', ({ tookMs }) => {
    report.observe(tookMs / 1000);
  });
};

/** What failed, and what was refused because it had happened already. */
const refusalMetrics = ({ meters, listen }: Making): void => {
  const failures = meters.counter({
    name: 'step_failures_total',
    help: 'Steps that failed and are tried again.',
    unit: 'failures',
    labels: ['step'],
    by: ['process'],
  });
  const refused = meters.counter({
    name: 'events_refused_total',
    help: 'Events that came too late to have an effect, or could not be read.',
    unit: 'events',
    labels: ['type'],
    by: ['scheduler'],
  });
  const duplicates = meters.counter({
    name: 'duplicates_refused_total',
    help: 'What came twice and had its effect once: ends of tasks that the law refused (law), claims of what others have or had ended (claim), messages that the worker knew (inbox).',
    unit: 'messages',
    labels: ['where'],
    by: ['scheduler', 'worker'],
  });
  const [law, claim, inbox] = [duplicates.of('law'), duplicates.of('claim'), duplicates.of('inbox')];
  const undecodable = meters
    .counter({
      name: 'undecodable_records_total',
      help: 'Records of topics that could not be decoded and became dead letters.',
      unit: 'records',
      by: ['scheduler', 'worker'],
    })
    .of();
  for (const type of ['completed', 'failed', 'started']) refused.of(type);
  listen('loop.failed', ({ loop }) => {
    failures.of(loop).add();
  });
  failures.of('commit');
  listen('commit.failed', () => {
    failures.of('commit').add();
  });
  listen('event.refused', ({ type }) => {
    refused.of(type).add();
    if (type === 'completed' || type === 'failed') law.add();
  });
  listen('claim.answered', ({ duplicates: count }) => {
    claim.add(count);
  });
  listen('dispatch.repeated', ({ count }) => {
    inbox.add(count);
  });
  listen('record.undecodable', () => {
    undecodable.add();
  });
};

/** Adds them. */
export const stepMetrics = (making: Making): void => {
  sizeMetrics(making);
  schedulerSteps(making);
  workerSteps(making);
  refusalMetrics(making);
};
