/** The scheduling half of the engine, put together from the stages: owns shards, advances their DAGs, dispatches what is ready. */
import { createAdvancer, type Advancer } from '../advance/advancer';
import { createOwnership } from '../advance/ownership';
import { createAdvanceSpans } from '../advance/spans';
import { createSweeper } from '../advance/sweeper';
import type { Dispatcher } from '../dispatch/dispatcher';
import type { Fleet } from '../dispatch/fleet';
import type { Gates } from '../dispatch/gates';
import type { Learning } from '../dispatch/learning';
import type { Limits } from '../dispatch/limits';
import type { Loop } from '../lifecycle/every';
import { together } from '../lifecycle/together';
import type { Service } from '../lifecycle/service';
import type { EngineNeeds } from './engineNeeds';
import { createSending, loopsWith, type LoopOf } from './sending';

export interface Engine {
  /** Whether the leases of its shards last by its own clock. */
  readonly isLive: () => boolean;
  readonly service: Service;
  readonly advancer: Advancer;
  readonly dispatcher: Dispatcher;
  readonly fleet: Fleet;
  readonly learning: Pick<Learning, 'expectationIn' | 'ofType'>;
  /** `nudge` reads the rows at once. */
  readonly gates: Pick<Gates, 'list'> & { nudge(): void };
  readonly limits: Pick<Limits, 'list'> & { nudge(): void };
}

const MISSED_MS = 1000;
const COMMANDS_MS = 1000;

/** Ownership as a service: beats while it lives, gives its shards up when it stops. */
const owning = (loop: Loop, leave: () => Promise<void>): Service => ({
  name: 'ownership',
  start: () => loop.start(),
  stop: async () => {
    await loop.stop();
    await leave();
  },
});

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
  const { fleet, dispatcher, learning, gates, limits, outlet, loops } = createSending(needs, loop, isLive);
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
    spans: needs.tracing && createAdvanceSpans(needs.tracing, clock),
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
  return { service, advancer, dispatcher, fleet, learning, gates, limits, isLive };
};
