/** Audits a live system: what is suspicious counts once a second look finds it unchanged, because live systems move. */
import { isFailure } from '../core/failure';
import { pause } from '../lifecycle/timing';
import type { DagPlace, LateLimits, RowAudit } from '../ports/audit';
import type { Clock } from '../ports/clock';
import type { ClaimAudit, Roster } from '../ports/leases';
import { CHECK_NAMES, type Check, type Suspicion } from './checks';
import { type ClaimsSeen, lookAtClaims } from './claims';
import { ofDag, ofLate } from './suspicions';

export interface DoctorNeeds {
  readonly rows: Pick<RowAudit, 'liveDags' | 'endedDags' | 'late' | 'unneeded'>;
  readonly roster: Pick<Roster, 'read'>;
  readonly claimAudit: Pick<ClaimAudit, 'abandoned'>;
  readonly clock: Pick<Clock, 'after' | 'monotonic'>;
  readonly limits?: Partial<DoctorLimits>;
}

export interface DoctorLimits extends LateLimits {
  /** Between the two looks: longer than a worker's lease, and than a sweep takes. */
  readonly betweenMs: number;
  /** A DAG of which nothing moves for so long may wait for nothing. What is ready is written only later, behind a backlog of millions. */
  readonly stalledMs: number;
  /**
   * What is CANCELLING in a session that is over may be so for this long: the loss is told when its lease ends, and refused for a lease after
   * the session was last heard of in the log or its shard was taken; then the claims are asked each second.
   */
  readonly cancellingMs: number;
  /** Claims that are left behind are freed within this time, or within three rounds of the duty that does it where those take longer. */
  readonly claimMs: number;
  /** Pages of live DAGs in one look, each of about 20,000 tasks. */
  readonly pages: number;
}

const LIMITS: DoctorLimits = {
  betweenMs: 5000,
  stalledMs: 300_000,
  cancellingMs: 30_000,
  claimMs: 60_000,
  pages: 50,
  dueMs: 10_000,
  commandMs: 15_000,
  letterMs: 30_000,
  removalMs: 300_000,
};

export interface Examination {
  /** What was there at both looks, by check. */
  readonly findings: ReadonlyMap<Check, readonly Suspicion[]>;
  /** Checks that couldn't be made, and why. */
  readonly unknown: ReadonlyMap<Check, string>;
  /** How many live DAGs were looked at. */
  readonly dags: number;
  readonly tookMs: number;
}

export interface Doctor {
  /** Looks twice. Who asks while somebody looks gets the same answer. Rejects with the store's failures. */
  examine(): Promise<Examination>;
}

/** Where a look begins or ends: a system with more live tasks or claims than one examination takes is looked at in parts. */
interface Place {
  readonly dags: DagPlace | null;
  readonly claims: string | null;
}

interface Look {
  readonly suspicions: ReadonlyMap<string, Suspicion>;
  readonly unknown: ReadonlyMap<Check, string>;
  readonly dags: number;
  readonly end: Place;
}

const keyOf = ({ check, key }: Suspicion): string => `${check} ${key}`;

/** What one look sees; `look` begins at a place. */
const createLook = ({ rows, roster, claimAudit, limits }: DoctorNeeds & { readonly limits: DoctorLimits }) => {
  /** The sessions that live, or why nobody can know. */
  const sessions = async (): Promise<readonly string[] | string> => {
    try {
      const { workers, trusted } = await roster.read();
      return trusted ? workers.map(({ session }) => session) : 'Redis has just lost its memory: absence proves nothing yet';
    } catch (error) {
      if (!isFailure(error, 'LEASES_UNAVAILABLE')) throw error;
      return 'Redis is out of reach: nobody knows who lives';
    }
  };

  /** What is wrong with claims, or why nobody can know. */
  const claims = async (from: string | null): Promise<ClaimsSeen | string> => {
    try {
      return await lookAtClaims({ claimAudit, rows }, from, limits.claimMs);
    } catch (error) {
      if (!isFailure(error, 'LEASES_UNAVAILABLE')) throw error;
      return 'Redis is out of reach: nobody knows what is held there';
    }
  };

  return async (start: Place): Promise<Look> => {
    const suspicions = new Map<string, Suspicion>();
    const add = (found: readonly Suspicion[]): void => {
      for (const each of found) suspicions.set(keyOf(each), each);
    };
    const live = await sessions();
    const living = { sessions: typeof live === 'string' ? null : live, cancellingMs: limits.cancellingMs };
    let dags = 0;
    let end = start.dags;
    for (let pages = limits.pages; pages > 0; pages--) {
      const page = await rows.liveDags(end, living);
      for (const standing of page.dags) add(ofDag(standing, limits.stalledMs));
      dags += page.dags.length;
      end = page.next;
      if (end === null) break;
    }
    for (const standing of await rows.endedDags()) add(ofDag(standing, limits.stalledMs));
    add(ofLate(await rows.late(limits)));
    const seen = typeof live === 'string' ? live : await claims(start.claims);
    const unknown = new Map<Check, string>();
    if (typeof live === 'string') unknown.set('holderless', live);
    if (typeof seen === 'string') unknown.set('claims', seen);
    else add(seen.suspicions);
    return { suspicions, dags, unknown, end: { dags: end, claims: typeof seen === 'string' ? start.claims : seen.next } };
  };
};

/** Makes the doctor. */
export const createDoctor = (needs: DoctorNeeds): Doctor => {
  const { clock } = needs;
  const limits = { ...LIMITS, ...needs.limits };
  const look = createLook({ ...needs, limits });
  let from: Place = { dags: null, claims: null };
  let underWay: Promise<Examination> | undefined;

  const examineOnce = async (): Promise<Examination> => {
    const began = clock.monotonic();
    const first = await look(from);
    await pause(clock, limits.betweenMs);
    const second = await look(from);
    from = second.end;
    const findings = new Map<Check, Suspicion[]>(CHECK_NAMES.map((check) => [check, []]));
    for (const [key, suspicion] of second.suspicions) if (first.suspicions.has(key)) findings.get(suspicion.check)!.push(suspicion);
    return { findings, unknown: new Map([...first.unknown, ...second.unknown]), dags: second.dags, tookMs: clock.monotonic() - began };
  };
  return {
    examine: () => {
      underWay ??= examineOnce().finally(() => {
        underWay = undefined;
      });
      return underWay;
    },
  };
};
