import { compareRuns, largestDelta } from '../../web/src/dag/compare';
import { lanesByTask, lanesByWorker, ticksOf } from '../../web/src/dag/lanes';
import type { Attempt, HistoryEvent } from '../../web/src/dag/model';
import { countsOf, momentsOf, statusAt } from '../../web/src/dag/moments';
import { hasEarlierAttempts, reopenedAt, segmentsOf, spentUntil, type Known } from '../../web/src/dag/segments';
import { at, BEGIN, ran, task } from './dagTasks';

const told = (of: Parameters<typeof segmentsOf>[0], known: Partial<Known> = {}): unknown[] =>
  segmentsOf(of, { now: BEGIN + 1000, ...known }).map(({ stage, from, to }) => [stage, from - BEGIN, to - BEGIN]);

const attempt = (number: number, [from, to]: readonly [number, number]): Attempt => ({
  attempt: number,
  dispatch: number,
  workerId: 'worker-2',
  session: 's',
  startedAt: at(from),
  endedAt: at(to),
  error: { kind: 'HANDLER', message: 'no' },
});

const event = (kind: string, ms: number): HistoryEvent => ({
  eventId: String(ms),
  at: at(ms),
  kind,
  taskId: null,
  taskName: null,
  by: null,
  message: null,
});

describe('where the time of a task went', () => {
  it('is blocked, queued, sent and running', () => {
    const one = task('a', {
      status: 'COMPLETED',
      attempt: 1,
      queuedAt: at(100),
      dispatchedAt: at(130),
      startedAt: at(135),
      completedAt: at(200),
      timing: { blockedMs: 100, queuedMs: 30, dispatchedMs: 5, runningMs: 65 },
    });
    expect(told(one)).toEqual([
      ['blocked', 0, 100],
      ['queued', 100, 130],
      ['dispatched', 130, 135],
      ['running', 135, 200],
    ]);
  });

  it('goes on until now in the stage that it is in', () => {
    expect(told(task('a'))).toEqual([['blocked', 0, 1000]]);
    expect(told(task('a', { status: 'QUEUED', queuedAt: at(10), timing: { blockedMs: 10 } }))).toEqual([
      ['blocked', 0, 10],
      ['queued', 10, 1000],
    ]);
    const running = task('a', { status: 'RUNNING', attempt: 1, queuedAt: at(0), dispatchedAt: at(5), startedAt: at(9) });
    expect(told(running).at(-1)).toEqual(['running', 9, 1000]);
  });

  it('has run, however short that was', () => {
    expect(told(ran('a', [70, 70]))).toEqual([
      ['blocked', 0, 70],
      ['running', 70, 70],
    ]);
  });

  it('is a wait for approval from when that was asked for', () => {
    const reason = { code: 'HELD', at: at(300), by: null, message: null, approval: 'AWAITED' } as const;
    const asked = task('a', { reason });
    const segments = segmentsOf(asked, { now: BEGIN + 1000 });
    expect(segments).toEqual([
      { stage: 'blocked', from: BEGIN, to: BEGIN + 300 },
      { stage: 'blocked', from: BEGIN + 300, to: BEGIN + 1000, isForApproval: true },
    ]);
    expect([100, 300, 1000].map((ms) => statusAt(asked, segments, BEGIN + ms))).toEqual(['PENDING', 'AWAITING_APPROVAL', 'AWAITING_APPROVAL']);
    expect(told(task('a', { reason: { ...reason, approval: 'REQUIRED' } }))).toEqual([['blocked', 0, 1000]]);
  });

  it('is summed up for a task under way', () => {
    const running = task('a', {
      status: 'RUNNING',
      attempt: 1,
      queuedAt: at(40),
      dispatchedAt: at(50),
      startedAt: at(60),
      timing: { blockedMs: 40 },
    });
    expect(spentUntil(running, [], BEGIN + 100)).toEqual({ blockedMs: 40, queuedMs: 10, dispatchedMs: 10, runningMs: 40, retryWaitMs: 0 });
  });

  it('of a skipped task was all blocked', () => {
    expect(told(task('a', { status: 'SKIPPED', completedAt: at(70), timing: { blockedMs: 70 } }))).toEqual([['blocked', 0, 70]]);
  });

  const retried = task('a', {
    status: 'COMPLETED',
    attempt: 3,
    queuedAt: at(500),
    dispatchedAt: at(500),
    startedAt: at(510),
    completedAt: at(600),
    timing: { blockedMs: 50, queuedMs: 20, runningMs: 200, retryWaitMs: 300 },
  });

  it('holds each attempt, with the waits between them', () => {
    expect(told(retried, { attempts: [attempt(1, [60, 100]), attempt(2, [200, 250])] })).toEqual([
      ['blocked', 0, 50],
      ['queued', 50, 60],
      ['running', 60, 100],
      ['retryWait', 100, expect.closeTo(185.7, 0)],
      ['queued', expect.closeTo(185.7, 0), 200],
      ['running', 200, 250],
      ['retryWait', 250, expect.closeTo(464.3, 0)],
      ['queued', expect.closeTo(464.3, 0), 500],
      ['dispatched', 500, 510],
      ['running', 510, 600],
    ]);
    expect(segmentsOf(retried, { now: 0, attempts: [attempt(1, [60, 100])] })[2]).toMatchObject({
      outcome: 'FAILED',
      workerId: 'worker-2',
      attempt: 1,
    });
  });

  it('says that there were earlier attempts while they are not read', () => {
    expect(told(retried)).toContainEqual(['earlier', 50, 500]);
    expect(hasEarlierAttempts(retried)).toBe(true);
    expect(hasEarlierAttempts(ran('a', [0, 1]))).toBe(false);
  });

  it('ends in the wait for the next attempt', () => {
    const waiting = task('a', { status: 'RETRYING', attempt: 1, queuedAt: at(0), retryAt: at(2000) });
    expect(told(waiting, { attempts: [attempt(1, [10, 100])] }).at(-1)).toEqual(['retryWait', 100, 1000]);
  });

  it('begins anew where somebody had the task run again', () => {
    const reopened = reopenedAt([event('pause', 5), event('rerun', 300)]);
    expect(told(ran('a', [320, 400]), { reopened })).toEqual([
      ['earlier', 0, 300],
      ['blocked', 300, 320],
      ['running', 320, 400],
    ]);
  });
});

describe('the state at a moment', () => {
  const one = task('a', {
    status: 'FAILED',
    attempt: 1,
    queuedAt: at(100),
    dispatchedAt: at(130),
    startedAt: at(130),
    completedAt: at(200),
    timing: { blockedMs: 100 },
  });
  const then = (ms: number): string => statusAt(one, segmentsOf(one, { now: BEGIN + 1000 }), BEGIN + ms);

  it('follows the stages', () => {
    expect([-1, 0, 100, 129, 130, 199, 200, 900].map(then)).toEqual([
      'ABSENT',
      'PENDING',
      'QUEUED',
      'QUEUED',
      'RUNNING',
      'RUNNING',
      'FAILED',
      'FAILED',
    ]);
  });

  it('is unknown before a task was begun again', () => {
    const again = ran('a', [320, 400]);
    expect(statusAt(again, segmentsOf(again, { now: BEGIN + 500, reopened: [BEGIN + 300] }), BEGIN + 100)).toBe('UNKNOWN');
  });

  it('is counted, and the moments are those at which something happened', () => {
    expect(countsOf(['FAILED', 'PENDING', 'FAILED'])).toEqual({ FAILED: 2, PENDING: 1 });
    expect(momentsOf([one, ran('b', [130, 300])], [event('cancel', 150)]).map((ms) => ms - BEGIN)).toEqual([0, 130, 150, 200, 300]);
  });
});

describe('lanes', () => {
  const tasks = [ran('late', [50, 60]), ran('early', [0, 100]), ran('next', [60, 70])];
  const segments = tasks.map((each) => segmentsOf(each, { now: BEGIN + 100 }));

  it('of tasks stand in the order in which they came up', () => {
    expect(lanesByTask(['late', 'early', 'next'], segments).map(({ label }) => label)).toEqual(['early', 'late', 'next']);
  });

  it('of workers hold what ran there, in as few rows as do not overlap', () => {
    expect(lanesByWorker(segments).map(({ label, continued, bars }) => [label, continued, bars.map((bar) => bar.task)])).toEqual([
      ['worker-1', false, [1]],
      ['worker-1', true, [0, 2]],
    ]);
  });

  it('have round ticks', () => {
    expect(ticksOf(0, 1000, 5)).toEqual([0, 200, 400, 600, 800, 1000]);
    expect(ticksOf(0, 3 * 864e5, 1)).toEqual([0, 3 * 864e5]);
  });
});

describe('two runs', () => {
  it('are compared task by task', () => {
    const here = [ran('a', [0, 100], { result: { x: 1, y: 2 } }), ran('b', [0, 10], { status: 'FAILED' }), ran('new', [0, 1])];
    const there = [ran('a', [0, 70], { result: { y: 2, x: 1 }, workerId: 'worker-9' }), ran('b', [0, 10], { payload: 7 }), ran('old', [0, 1])];
    expect(compareRuns(here, there).map(({ taskName, deltaMs, differences }) => [taskName, deltaMs, differences])).toEqual([
      ['a', 30, ['worker']],
      ['b', 0, ['status', 'definition']],
      ['new', null, ['onlyHere']],
      ['old', null, ['onlyThere']],
    ]);
  });

  it('have a largest difference, however many tasks they have', () => {
    const deltas = Array.from({ length: 300_000 }, (_, i) => ({ deltaMs: i === 7 ? -900_000 : i }));
    expect([largestDelta(deltas), largestDelta([{ deltaMs: null }])]).toEqual([900_000, 0]);
  });
});
