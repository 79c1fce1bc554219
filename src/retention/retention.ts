/** Removes DAGs that are over and older than they are kept for, in small steps, and archives them before where there is an archive. */
import { createHash } from 'node:crypto';
import type { DagId } from '../core/ids';
import type { Clock } from '../ports/clock';
import type { Announce } from '../ports/happenings';
import type { Archive, Cutoffs, ExpiredDag, ExpiredDags, KeptDays, Months } from '../ports/retention';
import { lyingIn } from './months';

export interface RetentionNeeds {
  readonly kept: KeptDays;
  /** How long rows may lie until their month is dropped (months.ts). */
  readonly lingerDays: number;
  readonly months: Pick<Months, 'all'>;
  readonly dags: ExpiredDags;
  /** Absent where what expires is only removed. */
  readonly archive?: Archive | undefined;
  readonly clock: Pick<Clock, 'now' | 'monotonic'>;
  readonly announce: Announce;
  /** Whether this process may go on. */
  readonly mayGoOn: () => boolean;
}

export interface Retention {
  /** Looks through the DAGs until it has come to younger ones, or may not go on. A signal ends it within an archive, too: then it rejects. */
  once(signal?: AbortSignal): Promise<void>;
}

const DAY_MS = 86_400_000;
/** Of one step: small enough that a step's locks and its file are nothing that anybody waits for. */
const DAGS_AT_ONCE = 200;
const TASKS_AT_ONCE = 20_000;

const cutoffsOf = ({ completedDays, failedDays, cancelledDays }: KeptDays, now: number): Cutoffs => ({
  ...(completedDays !== null && { COMPLETED: now - completedDays * DAY_MS }),
  ...(failedDays !== null && { FAILED: now - failedDays * DAY_MS }),
  ...(cancelledDays !== null && { CANCELLED: now - cancelledDays * DAY_MS }),
});

/** Whether anything is ever removed. */
export const isKeptForever = ({ completedDays, failedDays, cancelledDays }: KeptDays): boolean =>
  completedDays === null && failedDays === null && cancelledDays === null;

/** Groups for one step each: a DAG of many tasks is a step by itself. */
export const stepsOf = (dags: readonly ExpiredDag[]): DagId[][] => {
  const steps: DagId[][] = [];
  let tasks = Infinity;
  for (const each of dags) {
    const last = steps.at(-1);
    if (last === undefined || last.length >= DAGS_AT_ONCE || tasks + each.tasks > TASKS_AT_ONCE) {
      steps.push([each.dag]);
      tasks = each.tasks;
    } else {
      last.push(each.dag);
      tasks += each.tasks;
    }
  }
  return steps;
};

/**
 * The day, the first DAG, and what tells these DAGs from all others: what is archived again after a crash replaces its file where the step is
 * the same, and only there. The next step may begin with the same DAG, where a command kept that one from being removed.
 */
const nameOf = (dags: readonly DagId[], now: number): string => {
  const own = createHash('sha256').update(dags.join()).digest('hex').slice(0, 16);
  return `dags-${new Date(now).toISOString().slice(0, 10)}-${dags[0]!}-${own}.ndjson.gz`;
};

interface Round {
  readonly cutoffs: Cutoffs;
  readonly mayLie: (dag: DagId) => boolean;
  readonly signal: AbortSignal | undefined;
}

/** Makes it. A DAG is removed only when its archive is durable; after a crash in between it may stand in two files. */
export const createRetention = ({ kept, lingerDays, months, dags, archive, clock, announce, mayGoOn }: RetentionNeeds): Retention => {
  const store = async (to: Archive, name: string, expired: readonly DagId[], signal: AbortSignal | undefined): Promise<number> => {
    const began = clock.monotonic();
    const tell = (outcome: 'stored' | 'failed', bytes: number): void => {
      announce('archive.ended', { outcome, bytes, tookMs: clock.monotonic() - began });
    };
    try {
      const bytes = await to.store(name, dags.lines(expired), signal);
      tell('stored', bytes);
      return bytes;
    } catch (error) {
      tell('failed', 0);
      throw error;
    }
  };
  const step = async (expired: readonly DagId[], { cutoffs, mayLie, signal }: Round): Promise<void> => {
    const began = clock.monotonic();
    const name = nameOf(expired, clock.now());
    const bytes = archive === undefined ? 0 : await store(archive, name, expired, signal);
    if (!mayGoOn()) return;
    const removed = await dags.removeExpired(expired, cutoffs, mayLie);
    announce('dags.expired', {
      count: removed.length,
      file: archive === undefined ? null : name,
      bytes,
      tookMs: clock.monotonic() - began,
    });
  };
  return {
    once: async (signal) => {
      const cutoffs = cutoffsOf(kept, clock.now());
      const mayLie = lyingIn(await months.all(), { kept, lingerDays }, clock.now());
      let from: string | null = null;
      do {
        const page = await dags.expired(cutoffs, from);
        for (const expired of stepsOf(page.dags)) {
          if (!mayGoOn()) return;
          await step(expired, { cutoffs, mayLie, signal });
        }
        from = page.next;
      } while (from !== null && mayGoOn());
    },
  };
};
