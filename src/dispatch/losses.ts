/**
 * Finds dispatches that nobody will report on: their session is gone, or nobody ever claimed them. It only reports; the
 * law decides, behind everything that the session had reported.
 */
import { originalOf } from '../core/copies';
import type { Dispatched, Event } from '../core/event';
import { groupBy } from '../core/groupBy';
import type { Clock } from '../ports/clock';
import type { Announce } from '../ports/happenings';
import type { ClaimLedger, Wanted } from '../ports/leases';
import type { EventLog } from '../ports/transport';
import type { Assignment } from './assignments';
import type { Dispatcher } from './dispatcher';
import type { Fleet } from './fleet';

export interface LossesNeeds {
  readonly dispatcher: Dispatcher;
  readonly fleet: Fleet;
  readonly ledger: ClaimLedger;
  readonly log: Pick<EventLog, 'append'>;
  readonly clock: Clock;
  readonly announce: Announce;
}

export interface Losses {
  /** Looks who lives, and reports what the dead had. */
  lookOnce(): Promise<void>;
  /** Asks the leases about dispatches that were sent a while ago and were never heard of. */
  auditOnce(): Promise<void>;
}

/**
 * A loss that was reported is reported again only after this long: the log may be behind. No longer: it may have been refused, because
 * the shard changed hands within a lease before.
 */
const REPORT_AGAIN_MS = 1000;
/** Longer than any ordinary delay between a send and its claim. */
const SILENT_MS = 10_000;
const AUDIT_AT_ONCE = 500;

const wantedOf = ({ run, task, dispatch }: Assignment): Wanted => ({ dag: run.dag, task, dispatch });

export const createLosses = ({ dispatcher, fleet, ledger, log, clock, announce }: LossesNeeds): Losses => {
  const reportedAt = new WeakMap<Assignment, number>();

  const report = async (session: string, evidence: string, lost: readonly Assignment[]): Promise<void> => {
    const now = clock.monotonic();
    const fresh = lost.filter((each) => now - (reportedAt.get(each) ?? -Infinity) > REPORT_AGAIN_MS);
    if (fresh.length === 0) return;
    for (const each of fresh) reportedAt.set(each, now);
    const events = new Map<number, Event[]>();
    for (const [shard, ofShard] of groupBy(fresh, ({ run }) => run.shard)) {
      const tasks: Dispatched[] = ofShard.map(wantedOf);
      events.set(shard, [{ type: 'lost', session, evidence, tasks }]);
    }
    try {
      await log.append(events);
    } catch (error) {
      for (const each of fresh) reportedAt.delete(each);
      throw error;
    }
    for (const { run, task: sent } of fresh) {
      const task = originalOf(run, sent) ?? sent;
      announce('task.lost', { dag: run.dag, task: run.specs[task]!.name, attempt: run.failures[task]! + 1, session, evidence });
    }
  };

  const settle = async (assignment: Assignment, answer: Awaited<ReturnType<ClaimLedger['holders']>>[number]): Promise<void> => {
    if (answer.kind === 'held' && answer.session !== assignment.session) dispatcher.reassign(assignment, answer.session);
    if (answer.kind === 'absent') await report(assignment.session, 'nobody claimed the dispatch', [assignment]);
    // A claim is finished only once the report is in the log, and what is told now lies behind that: it is refused where the
    // report is still to be applied, and counts where the log was lost with it (a topic made again).
    if (answer.kind === 'finished') await report(assignment.session, 'it ended and its report is nowhere', [assignment]);
  };

  return {
    lookOnce: async () => {
      const { trusted, askedAt } = await fleet.look();
      dispatcher.reconcile();
      dispatcher.nudge();
      dispatcher.stragglers.lookOnce();
      if (!trusted) return;
      for (const session of [...dispatcher.assignments.sessions()]) {
        if (fleet.has(session)) continue;
        const lost = dispatcher.assignments.ofSession(session).filter(({ sentAt }) => sentAt < askedAt);
        // First: the law may hear of it before the log has answered.
        for (const each of lost)
          if (originalOf(each.run, each.task) === undefined) dispatcher.recoveries.lost(each, fleet.heardAt(session) ?? askedAt);
        await report(session, 'its session ended', lost);
      }
    },
    auditOnce: async () => {
      const now = clock.monotonic();
      const silent = dispatcher.assignments.silent(now - SILENT_MS, AUDIT_AT_ONCE);
      if (silent.length === 0) return;
      for (const each of silent) each.askedAt = now;
      const answers = await ledger.holders(silent.map(wantedOf));
      for (const [i, assignment] of silent.entries()) {
        const answer = answers[i];
        if (answer !== undefined) await settle(assignment, answer);
      }
    },
  };
};
