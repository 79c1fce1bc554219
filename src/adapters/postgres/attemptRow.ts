/** An attempt that ended without completing, as a row and as it is shown. */
import type { TaskError } from '../../core/dag';
import type { AttemptView } from '../../ports/history';

export interface AttemptRow {
  readonly attempt: number;
  readonly dispatch: number;
  readonly worker: string | null;
  readonly session: string | null;
  readonly started_at: Date | null;
  readonly ended_at: Date;
  readonly error: string;
}

export const attemptView = (row: AttemptRow): AttemptView => ({
  attempt: row.attempt,
  dispatch: row.dispatch,
  worker: row.worker,
  session: row.session,
  startedAt: row.started_at?.getTime() ?? null,
  endedAt: row.ended_at.getTime(),
  error: JSON.parse(row.error) as TaskError,
});
