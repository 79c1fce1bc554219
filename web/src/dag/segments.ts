/** Where the time of a task went: stretches of time, each in one stage, from what the API tells of it. */
import { isAwaitingApproval, isFinalTask, timeOf, timeOrNull, type Attempt, type HistoryEvent, type Task } from './model';

/** `earlier` stands for attempts, or a whole earlier run of the task, of which only the end is known. */
export const STAGES = ['blocked', 'queued', 'dispatched', 'running', 'retryWait', 'earlier'] as const;
export type Stage = (typeof STAGES)[number];

export interface Segment {
  readonly stage: Stage;
  readonly from: number;
  readonly to: number;
  /** Of `blocked`: only a person was waited for. */
  readonly isForApproval?: true;
  /** Of `running`: where, in which attempt, and how that attempt ended; null while it goes on. */
  readonly workerId?: string | null;
  readonly attempt?: number;
  readonly outcome?: 'COMPLETED' | 'FAILED' | 'CANCELLED' | null;
}

type Timed = Pick<
  Task,
  'status' | 'attempt' | 'workerId' | 'createdAt' | 'queuedAt' | 'dispatchedAt' | 'startedAt' | 'completedAt' | 'retryAt' | 'reason' | 'timing'
>;

const stretch = (stage: Stage, from: number, to: number, more: Partial<Segment> = {}): Segment[] => (to > from ? [{ stage, from, to, ...more }] : []);

const outcomeOf = ({ status }: Timed): NonNullable<Segment['outcome']> | null => {
  if (status === 'COMPLETED' || status === 'FAILED' || status === 'CANCELLED') return status;
  return null;
};

/** The attempt that the row speaks of: it is the last one, and may be under way. */
const current = (task: Timed, now: number): Segment[] => {
  const queued = timeOrNull(task.queuedAt);
  if (queued === null || task.status === 'RETRYING') return [];
  const end = timeOrNull(task.completedAt) ?? now;
  const started = timeOrNull(task.startedAt);
  const sent = timeOrNull(task.dispatchedAt) ?? started ?? end;
  return [
    ...stretch('queued', queued, Math.min(sent, end)),
    ...stretch('dispatched', sent, started ?? end),
    // Kept though it took no time that can be measured: it ran.
    ...(started === null
      ? []
      : [
          {
            stage: 'running' as const,
            from: started,
            to: Math.max(started, end),
            workerId: task.workerId,
            attempt: task.attempt,
            outcome: outcomeOf(task),
          },
        ]),
  ];
};

/** Between two attempts: first its share of the waiting for retries, then the queue. */
const pause = (from: number, to: number, waitShare: number): Segment[] => {
  const waited = from + (to - from) * waitShare;
  return [...stretch('retryWait', from, waited), ...stretch('queued', waited, to)];
};

interface Ran {
  readonly attempt: number;
  readonly workerId: string | null;
  readonly from: number;
  readonly to: number;
}

const ranOf = (attempts: readonly Attempt[], since: number, until: number): Ran[] =>
  attempts
    .map(({ attempt, workerId, startedAt, endedAt }) => ({ attempt, workerId, from: timeOf(startedAt ?? endedAt), to: timeOf(endedAt) }))
    .filter(({ from }) => from >= since && from < until)
    .sort((a, b) => a.from - b.from);

/** The attempts that failed before the row's own, with what lay between them. */
const before = (task: Timed, attempts: readonly Attempt[], span: { ready: number; until: number }): Segment[] => {
  const { ready, until } = span;
  const ran = ranOf(attempts, ready, until);
  if (ran.length === 0) return stretch('earlier', ready, until);
  // Where a pause ends and the next queue begins isn't kept of attempts that are over: the sums are shared out by the pauses' lengths.
  const pauses = ran.map(({ to }, i) => Math.max(0, (ran[i + 1]?.from ?? until) - to));
  const whole = pauses.reduce((sum, each) => sum + each, 0);
  const waitShare = whole === 0 ? 0 : Math.min(1, task.timing.retryWaitMs / whole);
  return [
    ...stretch('queued', ready, ran[0]!.from),
    ...ran.flatMap(({ from, to, attempt, workerId }, i) => [
      ...stretch('running', from, to, { attempt, workerId, outcome: 'FAILED' }),
      ...pause(to, to + pauses[i]!, task.status === 'RETRYING' && i === ran.length - 1 ? 1 : waitShare),
    ]),
  ];
};

/** When somebody had the task begin again, last: what came before is another run of it. */
const begunAgainAt = (task: Pick<Task, 'createdAt'>, ready: number, reopened: readonly number[]): number | null => {
  const created = timeOf(task.createdAt);
  return reopened.filter((at) => at > created && at <= ready).at(-1) ?? null;
};

const opening = (task: Timed, ready: number, again: number | null): Segment[] => {
  const created = timeOf(task.createdAt);
  return again === null ? stretch('blocked', created, ready) : [...stretch('earlier', created, again), ...stretch('blocked', again, ready)];
};

/** A wait for approval has a segment of its own, from the time at which it was asked for. */
const withApproval = (blocked: readonly Segment[], task: Timed): readonly Segment[] => {
  const last = blocked.at(-1);
  const since = isAwaitingApproval(task) ? timeOrNull(task.reason?.at ?? null) : null;
  if (last === undefined || since === null) return blocked;
  const asked = Math.min(Math.max(since, last.from), last.to);
  return [...blocked.slice(0, -1), ...stretch('blocked', last.from, asked), ...stretch('blocked', asked, last.to, { isForApproval: true })];
};

export interface Known {
  readonly now: number;
  /** The attempts of this task that failed; undefined while they aren't read. */
  readonly attempts?: readonly Attempt[];
  /** When tasks of the DAG were begun again by hand, oldest first. */
  readonly reopened?: readonly number[];
}

/** In order of time, without overlaps. */
export const segmentsOf = (task: Timed, { now, attempts = [], reopened = [] }: Known): readonly Segment[] => {
  const created = timeOf(task.createdAt);
  const end = timeOrNull(task.completedAt) ?? now;
  const neverReady = task.queuedAt === null && task.attempt === 0 && task.status !== 'QUEUED';
  const ready = neverReady ? end : Math.min(end, created + task.timing.blockedMs);
  const blocked = opening(task, ready, begunAgainAt(task, ready, reopened));
  if (neverReady) return withApproval(blocked, task);
  const until = task.status === 'RETRYING' ? now : (timeOrNull(task.queuedAt) ?? end);
  return [...blocked, ...before(task, attempts, { ready, until }), ...current(task, now)];
};

/** Milliseconds in each stage, of a task that is under way: its row tells of what is over. */
export const spentUntil = (task: Timed, attempts: readonly Attempt[], now: number): Omit<Task['timing'], 'current'> => {
  const spent = { blockedMs: 0, queuedMs: 0, dispatchedMs: 0, runningMs: 0, retryWaitMs: 0 };
  for (const { stage, from, to } of segmentsOf(task, { now, attempts })) if (stage !== 'earlier') spent[`${stage}Ms`] += to - from;
  return spent;
};

const REOPENING = new Set(['retry', 'rerun']);

export const reopenedAt = (events: readonly HistoryEvent[]): readonly number[] =>
  events.filter(({ kind }) => REOPENING.has(kind)).map(({ at }) => timeOf(at));

/** Tasks whose attempts are worth reading: more than the row itself tells of. */
export const hasEarlierAttempts = ({ attempt, status, budgets }: Pick<Task, 'attempt' | 'status' | 'budgets'>): boolean =>
  attempt > 1 || status === 'RETRYING' || Object.keys(budgets).length > 0 || (attempt === 1 && !isFinalTask(status) && status === 'QUEUED');
