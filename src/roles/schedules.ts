/** Schedules, put together: the clock's submitter, and what reads and changes them. */
import { randomUUID } from 'node:crypto';
import { createScheduleControl } from '../control/schedules';
import { scheduleCommandRoutes } from '../control/routes';
import { every } from '../lifecycle/every';
import { whileLeading, type Leading } from '../lifecycle/leading';
import type { Service } from '../lifecycle/service';
import { together } from '../lifecycle/together';
import { scheduleRoutes } from '../observe/routes/schedules';
import { firingJson, scheduleJson } from '../observe/schedules';
import type { ScheduleClock, ScheduleStore, ScheduleViews } from '../ports/schedules';
import { createSweep } from '../schedule/sweep';
import type { Submitter } from '../submit/submitter';
import type { ProcessLife } from './processLife';

export interface SchedulesNeeds {
  readonly life: Pick<ProcessLife, 'clock' | 'announce'>;
  readonly lead: Pick<Leading, 'fence'>;
  readonly schedules: ScheduleStore & ScheduleViews & ScheduleClock;
  readonly submitter: Pick<Submitter, 'check' | 'submit'>;
  readonly bodyBytes: number;
}

const SWEEP_MS = 1000;
const TIDY_MS = 10_000;
/** Of each schedule. */
const FIRINGS_KEPT = 500;

/** The routes, and the duty of the process that leads. */
export const createSchedules = ({
  life: { clock, announce },
  lead,
  schedules,
  submitter,
  bodyBytes,
}: SchedulesNeeds): { readonly service: Service; readonly routes: readonly ReturnType<typeof scheduleRoutes>[] } => {
  const sweep = createSweep({
    schedules,
    submit: async (document, key, origin) => (await submitter.submit(Buffer.from(document), key, { origin })).dag.dagId,
    clock,
    announce,
    mayGoOn: () => lead.fence() !== undefined,
  });
  const failed = (error: unknown): void => {
    announce('loop.failed', { loop: 'schedules', error });
  };
  const tidy = async (): Promise<void> => {
    await schedules.forget(FIRINGS_KEPT);
    announce('schedules.counted', await schedules.counts());
  };
  const control = createScheduleControl({
    store: schedules,
    views: schedules,
    clock,
    newId: randomUUID,
    checkDag: async (document) => (await submitter.check(Buffer.from(document))).name,
    // What can't be submitted at once is noted: the sweep does it.
    submitNow: (scheduleId) => sweep.submitNow(scheduleId).catch(failed),
  });
  const duty = (name: string, ms: number, once: () => Promise<void>): Service =>
    every({ name, ms, clock, once: whileLeading(lead, once), onError: failed });
  return {
    service: together('schedules', [duty('due schedules', SWEEP_MS, sweep.once), duty('old firings', TIDY_MS, tidy)]),
    routes: [
      scheduleRoutes({ views: schedules, clock }),
      scheduleCommandRoutes({ control, bodyBytes, present: { schedule: scheduleJson, firing: firingJson } }),
    ],
  };
};
