/**
 * Claims that a dead session left behind though its task's row is done with them: a worker that died between its report and the tombstone leaves
 * one, and so does one whose task was cancelled or failed with its loss. They keep nobody from anything, but nothing else ends them for a day.
 */
import type { RowAudit } from '../ports/audit';
import type { Announce } from '../ports/happenings';
import type { ClaimAudit } from '../ports/leases';
import type { Suspicion } from './checks';

export interface ClaimSweepNeeds {
  readonly claimAudit: ClaimAudit;
  readonly rows: Pick<RowAudit, 'unneeded'>;
  readonly announce: Announce;
}

/** So often the process that leads takes a look and frees what it finds. */
export const SWEEP_EVERY_MS = 2000;
/** What is as old as so many rounds of that has outlived it. */
const ROUNDS_OUTLIVED = 3;

/** The duty: each call is one look, from where the last one ended. What it frees is seen again only if somebody holds it anew. */
export const createClaimSweep = ({ claimAudit, rows, announce }: ClaimSweepNeeds): { once(): Promise<void> } => {
  let from: string | null = null;
  return {
    once: async () => {
      const { claims, next } = await claimAudit.abandoned(from);
      const unneeded = (await rows.unneeded(claims)).map(({ wanted }) => wanted);
      const freed = unneeded.length === 0 ? 0 : await claimAudit.free(unneeded);
      from = next;
      if (freed > 0) announce('claims.freed', { count: freed });
    },
  };
};

export interface ClaimsSeen {
  readonly suspicions: readonly Suspicion[];
  readonly next: string | null;
}

/** One look of the doctor's, which frees nothing: whatever the duty has had time enough for is suspicious, but never before `claimMs`. */
export const lookAtClaims = async (
  { claimAudit, rows }: Pick<ClaimSweepNeeds, 'rows'> & { readonly claimAudit: Pick<ClaimAudit, 'abandoned'> },
  from: string | null,
  claimMs: number,
): Promise<ClaimsSeen> => {
  const { claims, next, looks } = await claimAudit.abandoned(from);
  const leastMs = Math.max(claimMs, ROUNDS_OUTLIVED * looks * SWEEP_EVERY_MS);
  const old = (await rows.unneeded(claims)).filter(({ sinceMs }) => sinceMs === null || sinceMs >= leastMs);
  const suspicions = old.map(({ wanted: { dag, task, dispatch, session } }): Suspicion => {
    const what = `the session ${session}, which is over, still holds dispatch ${String(dispatch)} of task ${String(task)} of DAG ${dag}`;
    return { check: 'claims', key: what, words: `${what}, and its row is done with that`, dag, task, dispatch, session };
  });
  return { suspicions, next };
};
