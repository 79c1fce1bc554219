/** The scheduling half of the engine, put together from the stages: owns shards, advances their DAGs, dispatches what is ready. */
import { createAdvancer, type Advancer } from '../advance/advancer';
import type { Outlet } from '../advance/outlet';
import { createOwnership } from '../advance/ownership';
import { createSweeper } from '../advance/sweeper';
import { Dispatcher } from '../dispatch/dispatcher';
import { createFleet, type Fleet } from '../dispatch/fleet';
import { createLosses } from '../dispatch/losses';
import { every, type Loop } from '../lifecycle/every';
import { together } from '../lifecycle/together';
import type { Service } from '../lifecycle/service';
import type { Clock } from '../ports/clock';
import type { Announce } from '../ports/happenings';
import type { ClaimLedger, Claims, Precedence, Roster } from '../ports/leases';
import type { RunStore, ShardLeases, WorkIndex } from '../ports/store';
import type { EventLog, WorkQueue } from '../ports/transport';

export interface EngineNeeds {
  readonly scheduler: string;
  readonly store: RunStore;
  readonly work: WorkIndex;
  readonly shardLeases: ShardLeases;
  readonly log: EventLog;
  readonly queue: WorkQueue;
  readonly roster: Roster;
  readonly claims: Claims;
  readonly ledger: ClaimLedger;
  readonly precedence: Precedence;
  readonly clock: Clock;
  readonly announce: Announce;
  /** Where workers reach this process, for inputs that are too large to travel. */
  readonly origin: () => string;
  /** Events outlive this process: then a first dispatch needn't wait for the commit, and inputs have a size limit. */
  readonly durableTransport: boolean;
  readonly settings: EngineSettings;
}

export interface EngineSettings {
  readonly shards: number;
  readonly shardLeaseMs: number;
  readonly renewMs: number;
  readonly rosterMs: number;
  readonly sweepMs: number;
  /** Dispatches that may be with a worker on top of its slots. */
  readonly prefetch: number;
}

export interface Engine {
  readonly service: Service;
  readonly advancer: Advancer;
  readonly dispatcher: Dispatcher;
  readonly fleet: Fleet;
}

const INLINE_CHARACTERS = 65_536;
const PRECEDENCE_MS = 100;
const MISSED_MS = 1000;
const AUDIT_MS = 2000;

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

/** The dispatcher, as the advancer sees it. */
const outletTo = (dispatcher: Dispatcher, fleet: Fleet): Outlet => ({
  shardTaken: (shard, epoch) => {
    dispatcher.shardTaken(shard, epoch);
  },
  shardDropped: (shard) => {
    dispatcher.shardDropped(shard);
  },
  ready: (tasks) => {
    dispatcher.enqueue(tasks);
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
  acknowledge: (checkpoints) => {
    dispatcher.acknowledge(checkpoints);
  },
});

/** Builds the engine; nothing runs before its service is started. */
export const createEngine = (needs: EngineNeeds): Engine => {
  const { scheduler, store, work, log, clock, announce, settings } = needs;
  const loop = loopsWith(clock, announce);
  const fleet = createFleet({ roster: needs.roster, clock, announce, prefetch: () => settings.prefetch });
  const dispatcher = new Dispatcher({
    queue: needs.queue,
    claims: needs.claims,
    work,
    fleet,
    clock,
    announce,
    origin: needs.origin,
    inlineLimit: needs.durableTransport ? INLINE_CHARACTERS : Infinity,
  });
  const advancer: Advancer = createAdvancer({
    store,
    log,
    clock,
    announce,
    firstBeforeCommit: needs.durableTransport,
    outlet: outletTo(dispatcher, fleet),
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
    advancer,
    announce,
  });
  const sweeper = createSweeper({ work, store, log, clock, advancer });
  const losses = createLosses({ dispatcher, fleet, ledger: needs.ledger, log, clock, announce });
  const beat = loop('ownership', settings.renewMs, () => ownership.once());
  const service = together('engine', [
    advancer,
    owning(beat, () => ownership.leave()),
    loop('roster', settings.rosterMs, () => losses.lookOnce()),
    loop('due', settings.sweepMs, () => sweeper.dueOnce()),
    loop('missed', MISSED_MS, () => sweeper.missedOnce()),
    loop('audit', AUDIT_MS, () => losses.auditOnce()),
    loop('precedence', PRECEDENCE_MS, async () => {
      dispatcher.yieldTo(await needs.precedence.publish(scheduler, dispatcher.highestWaiting()));
    }),
  ]);
  return { service, advancer, dispatcher, fleet };
};
