/** Audits a live system: what is suspicious counts once a second look finds it unchanged, because live systems move. */
import { isFailure } from '../core/failure';
import { pause } from '../lifecycle/timing';
import type { DagPlace, LateLimits, RowAudit } from '../ports/audit';
import type { Clock } from '../ports/clock';
import type { Roster } from '../ports/leases';
import { CHECK_NAMES, type Check, type Suspicion } from './checks';
import { ofDag, ofLate } from './suspicions';

export interface DoctorNeeds {
  readonly rows: Pick<RowAudit, 'liveDags' | 'endedDags' | 'late'>;
  readonly roster: Pick<Roster, 'read'>;
  readonly clock: Pick<Clock, 'after' | 'monotonic'>;
  readonly limits?: Partial<DoctorLimits>;
}

export interface DoctorLimits extends LateLimits {
  /** Between the two looks: longer than a worker's lease, and than a sweep takes. */
  readonly betweenMs: number;
  /** A DAG of which nothing moves for so long may wait for nothing. What is ready is written only later, behind a backlog of millions. */
  readonly stalledMs: number;
  /** Pages of live DAGs in one look, each of about 20,000 tasks. */
  readonly pages: number;
}

const LIMITS: DoctorLimits = {
  betweenMs: 5000,
  stalledMs: 300_000,
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

interface Look {
  readonly suspicions: ReadonlyMap<string, Suspicion>;
  readonly unknown: ReadonlyMap<Check, string>;
  readonly dags: number;
  readonly end: DagPlace | null;
}

const keyOf = ({ check, key }: Suspicion): string => `${check} ${key}`;

/** Makes the doctor. */
export const createDoctor = ({ rows, roster, clock, limits: given }: DoctorNeeds): Doctor => {
  const limits = { ...LIMITS, ...given };
  /** Where the next examination goes on: a system with more live tasks than one examination takes is looked at in parts. */
  let from: DagPlace | null = null;
  let underWay: Promise<Examination> | undefined;

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

  const look = async (start: DagPlace | null): Promise<Look> => {
    const suspicions = new Map<string, Suspicion>();
    const add = (found: readonly Suspicion[]): void => {
      for (const each of found) suspicions.set(keyOf(each), each);
    };
    const live = await sessions();
    let dags = 0;
    let end = start;
    for (let pages = limits.pages; pages > 0; pages--) {
      const page = await rows.liveDags(end, typeof live === 'string' ? null : live);
      for (const standing of page.dags) add(ofDag(standing, limits.stalledMs));
      dags += page.dags.length;
      end = page.next;
      if (end === null) break;
    }
    for (const standing of await rows.endedDags()) add(ofDag(standing, limits.stalledMs));
    add(ofLate(await rows.late(limits)));
    return { suspicions, dags, end, unknown: new Map(typeof live === 'string' ? [['holderless', live]] : []) };
  };

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
