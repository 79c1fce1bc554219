/** What the autoscaler wants and decides. Only the process that leads has the gauges: elsewhere there is no series. */
import type { Making } from './meters';

export const scalingMetrics = ({ meters, listen }: Making): void => {
  const by = ['leader'] as const;
  // With a label it has no series before it is set.
  const wanted = meters.gauge({
    name: 'workers_wanted',
    help: 'Workers that there are to be, by the autoscaler. Told by the scheduler that leads.',
    unit: 'workers',
    labels: ['by'],
    by,
  });
  const decisions = meters.counter({
    name: 'scaling_decisions_total',
    help: 'Decisions of the autoscaler to change the number of workers: because of the load, up to the least or the most that there may be (load, min, max), and what came of them (done, failed, stuck); in a dry run nothing did.',
    unit: 'decisions',
    labels: ['direction', 'cause', 'outcome', 'driver', 'dry_run'],
    by,
  });
  const load = meters.gauge({
    name: 'scaling_load',
    help: 'What the autoscaler decides by, in the whole installation: told by the scheduler that leads.',
    unit: 'as the figure says',
    labels: ['figure'],
    by,
  });
  listen('scaling.judged', ({ wanted: count, waiting, running, arrivalsPerSecond, endsPerSecond, serviceSeconds }) => {
    wanted.set({ by: 'load' }, count);
    load.set({ figure: 'waiting' }, waiting);
    load.set({ figure: 'running' }, running);
    load.set({ figure: 'arrivals_per_second' }, arrivalsPerSecond);
    load.set({ figure: 'ends_per_second' }, endsPerSecond);
    // Unknown while nothing was seen to run.
    load.set({ figure: 'service_seconds' }, serviceSeconds ?? NaN);
  });
  listen('lead.changed', () => {
    wanted.reset();
    load.reset();
  });
  listen('scaling.decided', ({ direction, cause, outcome, driver, dryRun }) => {
    decisions.of(direction, cause, outcome, driver, String(dryRun)).add();
  });
};
