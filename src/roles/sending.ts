/** The half of the engine that sends: the fleet, the dispatcher, what decides beside it, and what takes dispatches back. */
import type { Outlet } from '../advance/outlet';
import { Dispatcher } from '../dispatch/dispatcher';
import { createFleet, type Fleet } from '../dispatch/fleet';
import { createGates } from '../dispatch/gates';
import { createLearning, type Learning } from '../dispatch/learning';
import { createLimits } from '../dispatch/limits';
import { createLosses } from '../dispatch/losses';
import { createDispatchSpans } from '../dispatch/spans';
import { createRevocations, type Revocations } from '../dispatch/revocations';
import { every, type Loop } from '../lifecycle/every';
import type { Service } from '../lifecycle/service';
import type { Clock } from '../ports/clock';
import type { Announce } from '../ports/happenings';
import type { EngineNeeds } from './engineNeeds';

const INLINE_BYTES = 65_536;
const PRECEDENCE_MS = 100;
const AUDIT_MS = 2000;
const REVOKE_MS = 1000;
const GATES_MS = 1000;
const LIMITS_MS = 1000;
const SHARE_MS = 5000;

export type LoopOf = (name: string, ms: number, once: () => Promise<void>) => Loop;

/** Loops of one process: what goes wrong in one is announced, and it goes on. */
export const loopsWith =
  (clock: Clock, announce: Announce): LoopOf =>
  (name, ms, once) =>
    every({
      name,
      ms,
      clock,
      once,
      onError: (error) => {
        announce('loop.failed', { loop: name, error });
      },
    });

/** Learned run times, shared while it lives and written once more when it stops; nothing to run where they are kept nowhere. */
const sharing = ({ runTimeStore }: EngineNeeds, learning: Learning, loop: LoopOf): Service[] => {
  if (runTimeStore === undefined) return [];
  const share = loop('run times', SHARE_MS, () => learning.shareOnce());
  return [
    {
      name: share.name,
      start: () => share.start(),
      stop: async () => {
        await share.stop();
        // What can't be written is learned anew.
        await learning.writeAll().catch(() => undefined);
      },
    },
  ];
};

/** A task that has been with its worker for so long without a word waits there. */
const WAITING_MS = 500;

interface OutletNeeds {
  readonly dispatcher: Dispatcher;
  readonly fleet: Fleet;
  readonly revocations: { readonly list: Revocations; nudge(): void };
  readonly judge: Outlet['judge'];
  readonly learning: Learning;
  readonly clock: Clock;
}

/** The dispatcher, as the advancer sees it. */
const outletTo = ({ dispatcher, fleet, revocations, judge, learning, clock }: OutletNeeds): Outlet => ({
  judge: (outcomes) => {
    learning.learn(outcomes);
    judge(outcomes);
  },
  shardTaken: (shard, epoch) => {
    dispatcher.shardTaken(shard, epoch);
  },
  shardDropped: (shard) => {
    dispatcher.shardDropped(shard);
    revocations.list.dropShard(shard);
  },
  ready: (tasks) => {
    for (const { run } of tasks) learning.rank(run);
    dispatcher.enqueue(tasks);
  },
  revoked: (tasks) => {
    revocations.list.add(tasks);
    revocations.nudge();
  },
  givenUp: (executions) => {
    for (const { session, ...execution } of executions) dispatcher.giveUp(session, execution);
  },
  over: (dispatches) => {
    dispatcher.over(dispatches);
  },
  wonByCopy: (tasks) => {
    for (const { run, task } of tasks) dispatcher.stragglers.won(run, task);
  },
  leaving: (sessions) => {
    for (const session of sessions) fleet.leave(session);
  },
  adopt: (run, task, session) => {
    dispatcher.adopt(run, task, session);
  },
  sentAt: (run, task) => {
    const sent = dispatcher.assignments.get(run.dag, task);
    return sent?.run === run && sent.dispatch === run.dispatch[task]
      ? // Clocks disagree: it never left before it was ready.
        Math.max(run.since[task]!, clock.now() - (clock.monotonic() - sent.sentAt))
      : null;
  },
  waitingAtWorkers: () => dispatcher.assignments.waiting(clock.monotonic() - WAITING_MS),
  acknowledge: (checkpoints) => {
    dispatcher.acknowledge(checkpoints);
  },
});

const revocationsBy = (dispatcher: Dispatcher, { claims, log, announce }: EngineNeeds): Revocations =>
  createRevocations({
    claims,
    log,
    sentTo: dispatcher.assignments.sessionOf,
    tell: (session, tasks) => dispatcher.revoke(session, tasks),
    announce,
  });

/** Reads the limits each second, or at once when it is nudged. */
const createLimiting = (needs: EngineNeeds, loop: LoopOf, dispatcher: () => Dispatcher) => {
  const limits = createLimits({
    store: needs.limitStore,
    permits: needs.permits,
    changed: () => {
      void dispatcher().reviewLimits();
    },
  });
  const limiting = loop('limits', LIMITS_MS, async () => {
    await Promise.all([limits.lookOnce(), dispatcher().reviewLimits()]);
  });
  const nudge = (): void => {
    limiting.nudge();
  };
  return { limits, limiting, known: { list: limits.list, nudge } };
};

/** Reads the gates each second, or at once when it is nudged. */
const createGating = ({ gates: store, clock, announce, settings }: EngineNeeds, loop: LoopOf, { workers }: Fleet, changed: () => void) => {
  const workersOf = (type: string): number => workers().filter(({ types }) => types.includes(type)).length;
  const gates = createGates({ store, clock, announce, breaker: settings.breaker, workersOf, changed });
  const gating = loop('gates', GATES_MS, () => gates.lookOnce());
  const nudge = (): void => {
    gating.nudge();
  };
  const judge: Outlet['judge'] = (outcomes) => {
    if (gates.judge(outcomes)) nudge();
  };
  return { gates, gating, judge, known: { ...gates, nudge } };
};

/** The half that sends: the fleet, the dispatcher and what takes dispatches back. */
export const createSending = (needs: EngineNeeds, loop: LoopOf, isLive: () => boolean) => {
  const { work, log, clock, announce, settings, claims } = needs;
  const fleet = createFleet({ roster: needs.roster, clock, announce, prefetch: settings.prefetch });
  const learning = createLearning({ store: needs.runTimeStore });
  const { gates, gating, judge, known } = createGating(needs, loop, fleet, () => {
    dispatcher.nudge();
  });
  const { limits, limiting, known: knownLimits } = createLimiting(needs, loop, () => dispatcher);
  const dispatcher: Dispatcher = new Dispatcher({
    queue: needs.queue,
    limits,
    permits: needs.permits,
    spreadOf: learning.ofType,
    claims,
    work,
    fleet,
    gates,
    isLive,
    fairness: settings.fairness,
    clock,
    announce,
    spans: needs.tracing && createDispatchSpans(needs.tracing, clock),
    origin: needs.origin,
    inlineLimit: INLINE_BYTES,
    load: needs.load,
  });
  const losses = createLosses({ dispatcher, fleet, ledger: needs.ledger, log, clock, announce });
  const list = revocationsBy(dispatcher, needs);
  const revoking = loop('revocations', REVOKE_MS, () => list.once());
  const loops: Service[] = [
    ...sharing(needs, learning, loop),
    revoking,
    gating,
    limiting,
    loop('roster', settings.rosterMs, () => losses.lookOnce()),
    loop('audit', AUDIT_MS, () => losses.auditOnce()),
    loop('precedence', PRECEDENCE_MS, async () => {
      dispatcher.hear(await needs.precedence.publish(needs.scheduler, dispatcher.standing()));
    }),
  ];
  return {
    fleet,
    dispatcher,
    learning,
    loops,
    gates: known,
    limits: knownLimits,
    outlet: outletTo({ dispatcher, fleet, revocations: { list, nudge: revoking.nudge }, judge, learning, clock }),
  };
};
