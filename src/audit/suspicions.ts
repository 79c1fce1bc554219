/** What is suspicious about what was read: pure, so that each sentence can be tested alone. */
import { isFinalDag } from '../core/dag';
import type { DagStanding, Ends, Late, SuspectTask } from '../ports/audit';
import type { Suspicion } from './checks';

const endsOf = ({ completed, failed, skipped, cancelled }: Ends): string => [completed, failed, skipped, cancelled].join('/');

const sum = ({ completed, failed, skipped, cancelled }: Ends): number => completed + failed + skipped + cancelled;

const named = ({ dag, name }: DagStanding): string => `DAG ${dag} (${name.slice(0, 80)})`;

const counters = (standing: DagStanding): Suspicion[] => {
  const { dag, total, rows, status } = standing;
  if (endsOf(standing.counters) === endsOf(rows) && total === rows.total) return [];
  const words = `${named(standing)}: it says ${endsOf(standing.counters)} of ${String(total)} tasks completed/failed/skipped/cancelled, its tasks say ${endsOf(rows)} of ${String(rows.total)}`;
  return [{ check: 'counters', key: words, words, dag, isFinal: isFinalDag(status) }];
};

/** Why a live DAG will never go on by itself. */
const standstill = (standing: DagStanding, stalledAfterMs: number): Suspicion[] => {
  const { dag, rows, status, stillMs } = standing;
  if (isFinalDag(status)) return [];
  if (sum(rows) === rows.total) {
    const words = `${named(standing)} is ${status}, and all of its ${String(rows.total)} tasks are over`;
    return [{ check: 'unfinished', key: words, words, dag }];
  }
  if (rows.active > 0 || rows.held > 0 || status === 'PAUSED' || stillMs < stalledAfterMs) return [];
  const waiting = `${String(rows.total - sum(rows))} of its ${String(rows.total)} tasks wait for their dependencies`;
  const words = `${named(standing)} waits for nothing: ${waiting}, and nothing of it is queued, runs or is tried again`;
  return [{ check: 'stalled', key: `${words} ${endsOf(rows)}`, words, dag }];
};

const suspectTask = (standing: DagStanding, suspect: SuspectTask): Suspicion => {
  const { task, dispatch, session, status, why } = suspect;
  const what = `task ${suspect.name.slice(0, 80)} of ${named(standing)}`;
  const does = status === 'CANCELLING' ? 'is being taken away from' : 'runs in';
  const words =
    why === 'undue'
      ? `${what} is ${status} and waits for a time that its row doesn’t tell`
      : `${what} ${does} the session ${String(session)}, which is over`;
  return { check: why, key: `${words} ${String(dispatch)}`, words, dag: standing.dag, task, dispatch, ...(session === null ? {} : { session }) };
};

/** What is wrong with a DAG. */
export const ofDag = (standing: DagStanding, stalledAfterMs: number): Suspicion[] => [
  ...counters(standing),
  ...standstill(standing, stalledAfterMs),
  ...standing.suspects.map((suspect) => suspectTask(standing, suspect)),
];

const seconds = (ms: number): string => `${(ms / 1000).toFixed(1)} s`;

/** What is later than it may be. */
export const ofLate = ({ due, shards, commands, letters, removals }: Late): Suspicion[] => [
  ...due.map(({ dag, task, dispatch, lateMs }): Suspicion => {
    const what = task === null ? `the time of DAG ${dag}` : `what task ${String(task)} of DAG ${dag} waits for`;
    return {
      check: 'overdue',
      key: `${what} ${String(dispatch)}`,
      words: `${what} has been over for ${seconds(lateMs)}`,
      dag,
      dispatch,
      ...(task === null ? {} : { task }),
    };
  }),
  ...shards.map(({ shard, epoch, sinceMs }): Suspicion => {
    const words = `shard ${String(shard)} has no owner${sinceMs === null ? '' : `: the last lease ended ${seconds(sinceMs)} ago`}`;
    return { check: 'ownerless', key: `${String(shard)} ${String(epoch)}`, words, shard };
  }),
  ...commands.map(({ id, dag, kind, lateMs }): Suspicion => ({
    check: 'commands',
    key: id,
    words: `command ${id} (${kind} of DAG ${dag}) has had no outcome for ${seconds(lateMs)}`,
    dag,
  })),
  ...letters.map(({ id, shard, lateMs }): Suspicion => ({
    check: 'letters',
    key: id,
    words: `dead letter ${id} has not been published for ${seconds(lateMs)}`,
    shard,
  })),
  ...removals.map(({ dag, lateMs }): Suspicion => ({
    check: 'removals',
    key: dag,
    words: `the deletion of DAG ${dag} was begun ${seconds(lateMs)} ago`,
    dag,
  })),
];
