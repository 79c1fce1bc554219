/** Repairs what the doctor found, in the ways that the engine itself has: an event in the shard's log, a hint told again. */
import type { Event } from '../core/event';
import { shardOf, type DagId } from '../core/ids';
import type { Who } from '../core/who';
import type { RowAudit } from '../ports/audit';
import type { Clock } from '../ports/clock';
import type { DagRemoval } from '../ports/history';
import type { AbandonedClaim, ClaimAudit } from '../ports/leases';
import type { CommandStore } from '../ports/store';
import type { EventLog } from '../ports/transport';
import type { Check, Suspicion } from './checks';

export interface RepairsNeeds {
  readonly rows: Pick<RowAudit, 'recount'>;
  readonly commands: Pick<CommandStore, 'pendingCommands'>;
  readonly removal: Pick<DagRemoval, 'clearRemoved'>;
  readonly claimAudit: Pick<ClaimAudit, 'free'>;
  /** Publishes the dead letters of these shards that aren't published. */
  readonly publish: (shards: readonly number[]) => Promise<void>;
  readonly log: Pick<EventLog, 'append'>;
  readonly clock: Pick<Clock, 'now'>;
}

/**
 * Does something about each of these; answers about how many. Doing so twice does no harm: what is told twice is refused by the law. Who asked
 * and why stands in the history of each DAG whose owner counts it anew.
 */
export type Repair = (check: Check, findings: readonly Suspicion[], who: Who) => Promise<number>;

const COMMANDS_AT_ONCE = 1000;
const REMOVALS_AT_ONCE = 100;

const eventsOf = (check: Check, { dag, task, dispatch = 0, session, isFinal }: Suspicion, who: Who): Event[] => {
  if (dag === undefined) return [];
  const audited: Event = { type: 'audited', dag, repair: { check, ...who } };
  const tasks = task === undefined ? [] : [{ dag, task, dispatch }];
  switch (check) {
    case 'counters':
      return isFinal === true ? [] : [audited];
    case 'unfinished':
    case 'stalled':
      return [audited];
    case 'undue':
      // A retry is due at once, also where its owner knows its time; the law finds nothing due in the others, whose times are written.
      return [audited, { type: 'due', tasks }];
    case 'overdue':
      return task === undefined ? [{ type: 'dagDue', dag }] : [{ type: 'due', tasks }];
    case 'holderless':
      // Where its owner knows that another session has it, the loss is refused, and the row written anew.
      return [{ type: 'lost', session: session ?? '', evidence: 'the doctor found its session over', tasks }, audited];
    default:
      return [];
  }
};

/** Each DAG is counted anew once for all its findings, behind what else is told of them. */
const countedOnce = (events: readonly Event[]): Event[] => {
  const last = new Map(events.flatMap((event) => (event.type === 'audited' ? [[event.dag, event] as const] : [])));
  return events.filter((event) => event.type !== 'audited' || last.get(event.dag) === event);
};

const claimsOf = (findings: readonly Suspicion[]): AbandonedClaim[] =>
  findings.flatMap(({ dag, task, dispatch, session }) =>
    dag === undefined || task === undefined || dispatch === undefined || session === undefined ? [] : [{ dag, task, dispatch, session }],
  );

const shardsOf = (findings: readonly Suspicion[]): number[] => [
  ...new Set(findings.flatMap(({ dag, shard }) => shard ?? (dag === undefined ? [] : shardOf(dag)))),
];

/** Makes the repairs. */
export const createRepairs = ({ rows, commands, removal, claimAudit, publish, log, clock }: RepairsNeeds): Repair => {
  const tell = async (events: readonly Event[], shard: (event: Event) => number): Promise<void> => {
    const byShard = new Map<number, Event[]>();
    for (const event of events) byShard.set(shard(event), [...(byShard.get(shard(event)) ?? []), event]);
    if (byShard.size > 0) await log.append(byShard);
  };
  const shardIn = (event: Event): number => shardOf('tasks' in event ? event.tasks[0]!.dag : (event as { readonly dag: DagId }).dag);

  return async (check, findings, who) => {
    if (findings.length === 0) return 0;
    switch (check) {
      case 'ownerless':
        return 0;
      case 'letters':
        await publish(shardsOf(findings));
        return findings.length;
      case 'claims':
        return claimAudit.free(claimsOf(findings));
      case 'removals':
        return removal.clearRemoved(REMOVALS_AT_ONCE);
      case 'commands': {
        const now = clock.now();
        const pending = await commands.pendingCommands(shardsOf(findings), now, now, COMMANDS_AT_ONCE);
        await tell(
          pending.map((command) => ({ type: 'commanded', ...command })),
          shardIn,
        );
        return pending.length;
      }
      case 'counters':
        for (const { dag, isFinal } of findings) if (dag !== undefined && isFinal === true) await rows.recount(dag);
        break;
      default:
        break;
    }
    await tell(countedOnce(findings.flatMap((finding) => eventsOf(check, finding, who))), shardIn);
    return findings.length;
  };
};
