/** The scheduling half of the engine, put together from the stages: owns shards, advances their DAGs, dispatches what is ready. */
import { createAdvancer, type Advancer } from '../advance/advancer';
import type { Outlet } from '../advance/outlet';
import { createOwnership } from '../advance/ownership';
import { createSweeper } from '../advance/sweeper';
import type { LawSettings } from '../core/law';
import { Dispatcher } from '../dispatch/dispatcher';
import { createFleet, type Fleet } from '../dispatch/fleet';
import { createGates, type Gates } from '../dispatch/gates';
import { createLimits, type Limits } from '../dispatch/limits';
import { createLosses } from '../dispatch/losses';
import { createRevocations, type Revocations } from '../dispatch/revocations';
import { every, type Loop } from '../lifecycle/every';
import { together } from '../lifecycle/together';
import type { Service } from '../lifecycle/service';
import type { BreakerSettings } from '../core/breaker';
import type { Clock } from '../ports/clock';
import type { GateStore } from '../ports/gates';
import type { Announce } from '../ports/happenings';
import type { ClaimLedger, Claims, Precedence, Roster } from '../ports/leases';
import type { LimitStore } from '../ports/limits';
import type { Permits } from '../ports/permits';
import type { CommandStore, RunStore, ShardLeases, WorkIndex } from '../ports/store';
import type { EventLog, WorkQueue } from '../ports/transport';

export interface EngineNeeds {
  readonly scheduler: string;
  readonly store: RunStore;
  readonly work: WorkIndex;
  readonly commands: CommandStore;
  readonly gates: GateStore;
  readonly limitStore: LimitStore;
  readonly shardLeases: ShardLeases;
  readonly log: EventLog;
  readonly queue: WorkQueue;
  readonly roster: Roster;
  readonly claims: Claims;
  readonly ledger: ClaimLedger;
  readonly permits: Permits;
  readonly precedence: Precedence;
  readonly clock: Clock;
  readonly announce: Announce;
  /** Where workers reach this process, for inputs that are too large to travel. */
  readonly origin: () => string;
  /** Events outlive this process: then a first dispatch needn't wait for the commit, and inputs have a size limit. */
  readonly durableTransport: boolean;
  /** The part of its time that this process was busy lately, where sends that wait for company under load are worth it. */
  readonly load?: () => number;
  readonly settings: EngineSettings;
  /** Where its limits aren't the ordinary ones. */
  readonly law?: LawSettings;
}

export interface EngineSettings {
  readonly shards: number;
  readonly shardLeaseMs: number;
  readonly renewMs: number;
  readonly rosterMs: number;
  readonly sweepMs: number;
  /** A worker's lease: for so long its word in the log counts, too. */
  readonly sessionLeaseMs: number;
  /** Dispatches that may be with a worker on top of its slots. */
  readonly prefetch: number;
  readonly breaker: BreakerSettings;
}

export interface Engine {
  /** Whether the leases of its shards last by its own clock. */
  readonly isLive: () => boolean;
  readonly service: Service;
  readonly advancer: Advancer;
  readonly dispatcher: Dispatcher;
  readonly fleet: Fleet;
  /** `nudge` reads the rows at once. */
  readonly gates: Pick<Gates, 'list'> & { nudge(): void };
  readonly limits: Pick<Limits, 'list'> & { nudge(): void };
}

const INLINE_CHARACTERS = 65_536;
const PRECEDENCE_MS = 100;
const MISSED_MS = 1000;
const AUDIT_MS = 2000;
const REVOKE_MS = 1000;
const COMMANDS_MS = 1000;
const GATES_MS = 1000;
const LIMITS_MS = 1000;

type LoopOf = (name: string, ms: number, once: () => Promise<void>) => Loop;

const loopsWith =
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

/** Ownership as a service: beats while it lives, gives its shards up when it stops. */
const owning = (loop: Loop, leave: () => Promise<void>): Service => ({
  name: 'ownership',
  start: () => loop.start(),
  stop: async () => {
    await loop.stop();
    await leave();
  },
});

/** A task that has been with its worker for so long without a word waits there. */
const WAITING_MS = 500;

interface OutletNeeds {
  readonly dispatcher: Dispatcher;
  readonly fleet: Fleet;
  readonly revocations: { readonly list: Revocations; nudge(): void };
  readonly judge: Outlet['judge'];
  readonly clock: Clock;
}

/** The dispatcher, as the advancer sees it. */
const outletTo = ({ dispatcher, fleet, revocations, judge, clock }: OutletNeeds): Outlet => ({
  judge,
  shardTaken: (shard, epoch) => {
    dispatcher.shardTaken(shard, epoch);
  },
  shardDropped: (shard) => {
    dispatcher.shardDropped(shard);
    revocations.list.dropShard(shard);
  },
  ready: (tasks) => {
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
const createSending = (needs: EngineNeeds, loop: LoopOf, isLive: () => boolean) => {
  const { work, log, clock, announce, settings, claims } = needs;
  const fleet = createFleet({ roster: needs.roster, clock, announce, prefetch: () => settings.prefetch });
  const { gates, gating, judge, known } = createGating(needs, loop, fleet, () => {
    dispatcher.nudge();
  });
  const { limits, limiting, known: knownLimits } = createLimiting(needs, loop, () => dispatcher);
  const dispatcher: Dispatcher = new Dispatcher({
    queue: needs.queue,
    limits,
    permits: needs.permits,
    claims,
    work,
    fleet,
    gates,
    isLive,
    clock,
    announce,
    origin: needs.origin,
    inlineLimit: needs.durableTransport ? INLINE_CHARACTERS : Infinity,
    load: needs.load,
  });
  const losses = createLosses({ dispatcher, fleet, ledger: needs.ledger, log, clock, announce });
  const list = revocationsBy(dispatcher, needs);
  const revoking = loop('revocations', REVOKE_MS, () => list.once());
  const loops = [
    revoking,
    gating,
    limiting,
    loop('roster', settings.rosterMs, () => losses.lookOnce()),
    loop('audit', AUDIT_MS, () => losses.auditOnce()),
    loop('precedence', PRECEDENCE_MS, async () => {
      dispatcher.yieldTo(await needs.precedence.publish(needs.scheduler, dispatcher.highestWaiting()));
    }),
  ];
  return {
    fleet,
    dispatcher,
    loops,
    gates: known,
    limits: knownLimits,
    outlet: outletTo({ dispatcher, fleet, revocations: { list, nudge: revoking.nudge }, judge, clock }),
  };
};

/** What the store is asked for again and again, because events only make things faster. */
const sweeping = (needs: EngineNeeds, { advancer, gates, loop }: { advancer: Advancer; gates: Pick<Gates, 'lastShut'>; loop: LoopOf }): Loop[] => {
  const { sweepMs } = needs.settings;
  const sweeper = createSweeper({ ...needs, advancer, gates });
  return [
    loop('due', sweepMs, () => sweeper.dueOnce()),
    loop('due DAGs', sweepMs, () => sweeper.dueDagsOnce()),
    loop('commands', COMMANDS_MS, () => sweeper.commandsOnce()),
    loop('missed', MISSED_MS, () => sweeper.missedOnce()),
  ];
};

/** Builds the engine; nothing runs before its service is started. */
export const createEngine = (needs: EngineNeeds): Engine => {
  const { scheduler, store, log, clock, announce, settings } = needs;
  const loop = loopsWith(clock, announce);
  const isLive = (): boolean => ownership.isLive();
  const { fleet, dispatcher, gates, limits, outlet, loops } = createSending(needs, loop, isLive);
  const advancer: Advancer = createAdvancer({
    store,
    commands: needs.commands,
    log,
    clock,
    announce,
    firstBeforeCommit: needs.durableTransport,
    outlet,
    isLive,
    sessionLeaseMs: settings.sessionLeaseMs,
    ...(needs.law === undefined ? {} : { law: needs.law }),
    doubted: (shards) => {
      ownership.doubt(shards);
      beat.nudge();
    },
  });
  const ownership = createOwnership({
    scheduler,
    shardCount: settings.shards,
    leaseMs: settings.shardLeaseMs,
    leases: needs.shardLeases,
    clock,
    advancer,
    announce,
  });
  const beat = loop('ownership', settings.renewMs, () => ownership.once());
  const service = together('engine', [advancer, owning(beat, () => ownership.leave()), ...loops, ...sweeping(needs, { advancer, gates, loop })]);
  return { service, advancer, dispatcher, fleet, gates, limits, isLive };
};
