/** Metrics of schedules. */
import type { Making } from './meters';

/** From in time to after an outage. */
const LATE_SECONDS = [0.1, 0.25, 0.5, 1, 2, 5, 10, 30, 60, 300, 3600];

/** Adds them. */
export const scheduleMetrics = ({ meters, listen }: Making): void => {
  const firings = meters.counter({
    name: 'schedule_firings_total',
    help: 'Times of schedules by what became of them: submitted, skipped because of a live DAG, missed while nobody could fire them, refused.',
    unit: 'firings',
    labels: ['outcome'],
    by: ['scheduler'],
  });
  const late = meters
    .histogram({
      name: 'schedule_lateness_seconds',
      help: 'Seconds from when a time of a schedule was due until its DAG was stored.',
      unit: 'seconds',
      buckets: LATE_SECONDS,
      by: ['scheduler'],
    })
    .of();
  const count = meters.gauge({
    name: 'schedules',
    help: 'Schedules by state. Told by the scheduler that leads alone.',
    unit: 'schedules',
    labels: ['state'],
    by: ['leader'],
  });
  listen('schedule.fired', ({ outcome, lateMs }) => {
    firings.of(outcome).add();
    if (lateMs !== null) late.observe(lateMs / 1000);
  });
  listen('schedules.counted', ({ active, paused }) => {
    count.set({ state: 'active' }, active);
    count.set({ state: 'paused' }, paused);
  });
  listen('lead.changed', () => {
    count.reset();
  });
};
