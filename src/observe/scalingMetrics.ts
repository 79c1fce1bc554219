/** What the autoscaler wants and decides. Only the process that leads has the gauges: elsewhere there is no series. */
import { Counter, Gauge, type Registry } from 'prom-client';
import type { Listen } from '../ports/happenings';

export const scalingMetrics = ({ registry, listen }: { readonly registry: Registry; readonly listen: Listen }): void => {
  // With a label it has no series before it is set.
  const wanted = new Gauge({
    name: 'workers_wanted',
    help: 'Workers that there are to be, by the autoscaler. Told by the scheduler that leads.',
    labelNames: ['by'],
    registers: [registry],
  });
  const decisions = new Counter({
    name: 'scaling_decisions_total',
    help: 'Decisions of the autoscaler that changed the number of workers, or would have in a dry run.',
    labelNames: ['direction', 'driver', 'dry_run'],
    registers: [registry],
  });
  const load = new Gauge({
    name: 'scaling_load',
    help: 'What the autoscaler decides by, in the whole installation: told by the scheduler that leads.',
    labelNames: ['figure'],
    registers: [registry],
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
  listen('scaling.decided', ({ direction, driver, dryRun }) => {
    decisions.inc({ direction, driver, dry_run: String(dryRun) });
  });
};
