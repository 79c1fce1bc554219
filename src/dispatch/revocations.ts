/**
 * Ends what a command took away while it may be with a worker. The claims decide whether anybody has it: whoever has it is
 * told to stop, and what nobody has can't be claimed any more. Either way the log hears of it, and the law goes on.
 */
import type { Dispatched, Event } from '../core/event';
import { groupBy } from '../core/groupBy';
import { taskIdOf } from '../core/ids';
import type { Run } from '../core/run';
import { CODE } from '../core/states';
import type { Announce } from '../ports/happenings';
import type { Claims } from '../ports/leases';
import type { EventLog } from '../ports/transport';

export interface Revocation {
  readonly run: Run;
  readonly task: number;
  readonly dispatch: number;
}

export interface RevocationsNeeds {
  readonly claims: Pick<Claims, 'raiseFloor'>;
  readonly log: Pick<EventLog, 'append'>;
  /** The session that a dispatch was sent to, as far as it is known here. */
  readonly sentTo: (dispatch: Dispatched) => string | undefined;
  /** Tells a session to end these; a session that isn't known is one that ends by itself. */
  readonly tell: (session: string, dispatches: readonly Revocation[]) => Promise<void>;
  readonly announce: Announce;
}

export interface Revocations {
  add(revoked: readonly Revocation[]): void;
  /** Nothing of this shard is this scheduler's business any more. */
  dropShard(shard: number): void;
  /** Asks about everything that hasn't ended yet; never runs twice at once: the caller sees to it. */
  once(): Promise<void>;
  size(): number;
}

const AT_ONCE = 500;

const isOpen = ({ run, task, dispatch }: Revocation): boolean => run.state[task] === CODE.CANCELLING && run.dispatch[task] === dispatch;
const dispatchedOf = ({ run, task, dispatch }: Revocation): Dispatched => ({ dag: run.dag, task, dispatch });

export const createRevocations = ({ claims, log, sentTo, tell, announce }: RevocationsNeeds): Revocations => {
  const open = new Map<string, Revocation>();

  const withdraw = async (nobodys: readonly Revocation[]): Promise<void> => {
    const events = new Map<number, Event[]>();
    for (const [shard, tasks] of groupBy(nobodys, ({ run }) => run.shard))
      events.set(shard, [{ type: 'withdrawn', session: null, tasks: tasks.map(dispatchedOf) }]);
    if (events.size > 0) await log.append(events);
  };

  /** One portion: the floor is raised above the dispatch, or its holder is told. */
  const settle = async (portion: readonly Revocation[]): Promise<void> => {
    const answers = await claims.raiseFloor(
      portion.map((each) => ({ dag: each.run.dag, task: each.task, dispatch: each.dispatch + 1, sentTo: sentTo(dispatchedOf(each)) })),
    );
    const nobodys: Revocation[] = [];
    const addressed: { readonly session: string; readonly revoked: Revocation }[] = [];
    portion.forEach((each, i) => {
      const answer = answers[i];
      // A session that is cut off from the leases alone may have it, and lives by its word in the log: its loss is told there first.
      if (answer === undefined || answer.kind === 'gone' || !isOpen(each)) return;
      const session = answer.kind === 'held' ? answer.session : sentTo(dispatchedOf(each));
      if (answer.kind === 'raised') nobodys.push(each);
      // Also where nobody has claimed it: its message may be on its way, and come when the leases have forgotten what they just said.
      if (session !== undefined) addressed.push({ session, revoked: each });
    });
    const bySession = groupBy(addressed, (each) => each.session);
    // Together, so that what is still to be sent to a worker is followed by its revocation at once.
    await Promise.all([
      withdraw(nobodys),
      ...[...bySession].map(([session, all]) =>
        tell(
          session,
          all.map(({ revoked }) => revoked),
        ),
      ),
    ]);
    announce('dispatch.revoked', { withdrawn: nobodys.length, told: addressed.length });
  };

  return {
    add: (revoked) => {
      for (const each of revoked) open.set(taskIdOf(each.run.dag, each.task), each);
    },
    dropShard: (shard) => {
      for (const [key, { run }] of open) if (run.shard === shard) open.delete(key);
    },
    once: async () => {
      for (const [key, each] of open) if (!isOpen(each)) open.delete(key);
      const all = [...open.values()];
      for (let from = 0; from < all.length; from += AT_ONCE) await settle(all.slice(from, from + AT_ONCE).filter((each) => isOpen(each)));
    },
    size: () => open.size,
  };
};
