/** What one process tells for the whole installation, so that sums over all of them are right: elsewhere there is no series. */
import type { LiveWorker } from '../ports/leases';
import type { Making, Sample } from './meters';

const countsOf = (live: readonly LiveWorker[]): Sample[] => {
  const draining = live.filter((worker) => worker.draining).length;
  return [
    [live.length - draining, { state: 'active' }],
    [draining, { state: 'draining' }],
  ];
};

const slotsOf = (live: readonly LiveWorker[]): Sample[] => {
  const all = live.reduce((sum, { slots }) => sum + slots, 0);
  const free = live.reduce((sum, { freeSlots }) => sum + freeSlots, 0);
  return [
    [free, { state: 'free' }],
    [all - free, { state: 'taken' }],
  ];
};

/** Adds them. */
export const leaderMetrics = ({ meters, listen }: Making, workers: (() => readonly LiveWorker[]) | undefined): void => {
  let isLeading = false;
  listen('lead.changed', ({ fence }) => {
    isLeading = fence !== null;
  });
  const live = (samples: (live: readonly LiveWorker[]) => Sample[]) => (): Sample[] => (isLeading && workers !== undefined ? samples(workers()) : []);
  const told = { labels: ['state'], by: ['leader'] } as const;
  const help = 'Live workers, active and draining. Told by the scheduler that leads alone.';
  meters.gauge({ ...told, name: 'worker_count', help, unit: 'workers', read: live(countsOf) });
  meters.gauge({ ...told, name: 'workers', help: 'The same as worker_count.', unit: 'workers', read: live(countsOf) });
  meters.gauge({
    ...told,
    name: 'worker_slots',
    help: 'Slots of all live workers, taken and free. Told by the scheduler that leads alone.',
    unit: 'slots',
    read: live(slotsOf),
  });
  meters.gauge({
    name: 'scheduler_leading',
    help: 'Whether this process leads among the schedulers (1) or not (0): their sum is 1.',
    unit: 'processes',
    by: ['scheduler'],
    read: () => [[isLeading ? 1 : 0]],
  });
  const findings = meters.gauge({
    name: 'doctor_findings',
    help: 'Violated invariants that two looks found, by check. Told by the scheduler that leads alone.',
    unit: 'findings',
    labels: ['check'],
    by: ['leader'],
  });
  listen('audit.done', ({ counts }) => {
    // Where nobody could look, there is no series.
    findings.reset();
    for (const [check, count] of Object.entries(counts)) findings.set({ check }, count);
  });
  listen('lead.changed', () => {
    findings.reset();
  });
};
