/** What a fault is, and the two shapes that most have. */
import { setTimeout as pause } from 'node:timers/promises';
import { untilDown, untilUp } from '../members';
import type { World } from '../world';

/** What was hit, and from when on it could recover. */
export interface Hit {
  readonly of: 'task' | 'dag';
  readonly ids: readonly string[];
  /** By the witness's clock. */
  readonly since: string;
  /** What else was seen, for the table of the full form. */
  readonly seen?: string;
}

export interface Fault {
  readonly name: string;
  /** Short ones belong to both forms. */
  readonly form: 'short' | 'full';
  /** The most that recovery may take, in milliseconds: the largest and the median. */
  readonly limits?: { readonly maxMs: number; readonly medianMs: number };
  /** Lines of warnings and errors that each process may write, for faults that take longer or hit more than usual. */
  readonly lines?: number;
  /** The first scheduler, PostgreSQL or Redis isn't there meanwhile: the doctor couldn't look. */
  readonly blindsDoctor?: boolean;
  /** Breaks something, and heals it. */
  readonly cause: (world: World) => Promise<Hit>;
}

/** What is promised of tasks whose worker is gone. */
export const LOST_WORKER = { maxMs: 5_000, medianMs: 2_000 };
/** What is promised of DAGs whose scheduler is gone. */
export const LOST_SCHEDULER = { maxMs: 5_000, medianMs: 5_000 };

/** The health tells the reason within this time. */
const REASON_MS = 3000;

export interface Outage {
  readonly name: string;
  readonly form: 'short' | 'full';
  readonly component: 'kafka' | 'postgres' | 'redis';
  readonly seconds: number;
  readonly lines?: number;
  readonly begin: (world: World) => Promise<void> | void;
  readonly end: (world: World) => Promise<void> | void;
  /** What the reason in the health must speak of. */
  readonly reason?: RegExp;
}

/** A service that is away for a while: the health says why, and open DAGs go on when it is back. */
export const outage = ({ name, form, component, seconds, lines, begin, end, reason = /./ }: Outage): Fault => ({
  name,
  form,
  blindsDoctor: component !== 'kafka',
  ...(lines === undefined ? {} : { lines }),
  cause: async (world) => {
    const { schedulers, load, witness } = world;
    const downAt = performance.now();
    let why = '';
    let ids: readonly string[] = [];
    try {
      await begin(world);
      // The first that is seen may be of the connections that end with it.
      const toldAt = performance.now() + REASON_MS;
      do why = await untilDown(schedulers[0]!, component);
      while (!reason.test(why) && performance.now() < toldAt);
      if (!reason.test(why)) throw new Error(`the health says of ${component}: ${why}, and nothing of ${String(reason)}`);
      await pause(Math.max(0, seconds * 1_000 - (performance.now() - downAt)));
      ids = load.open();
    } finally {
      // Whatever was wrong: the next fault begins with everything well.
      await end(world);
    }
    const since = await witness.now();
    await Promise.all(schedulers.map((scheduler) => untilUp(scheduler)));
    return { of: 'dag', ids, since, seen: why };
  },
});

/** A network that is slow for a while, which nobody may mistake for a death. */
export const slowness = (settings: Pick<Outage, 'name' | 'form' | 'component' | 'seconds'> & { readonly delayMs: number }): Fault => ({
  name: settings.name,
  form: settings.form,
  blindsDoctor: settings.component !== 'kafka',
  cause: async (world) => {
    const { load, witness, schedulers } = world;
    const lostBefore = await lostTasks(world);
    world[settings.component].delay(settings.delayMs);
    const ids = load.open();
    const since = await witness.now();
    await pause(settings.seconds * 1_000);
    world[settings.component].delay(0);
    await Promise.all(schedulers.map((scheduler) => untilUp(scheduler)));
    const lost = (await lostTasks(world)) - lostBefore;
    if (lost > 0) throw new Error(`${lost} tasks were lost by workers that only were slow`);
    return { of: 'dag', ids, since };
  },
});

/** Executions that schedulers gave up with their workers. */
export const lostTasks = async ({ schedulers }: World): Promise<number> => {
  const counts = await Promise.all(schedulers.map((scheduler) => scheduler.metric('tasks_lost_total')));
  return counts.reduce((sum, count) => sum + count, 0);
};
