/** An autoscaler over the leases of one process, with a driver whose workers are sessions there. */
import { createMemoryLeases, type MemoryLeases } from '../../src/adapters/memory/leases';
import { createMemoryScalings } from '../../src/adapters/memory/scalings';
import { createAutoscaler, type Autoscaler, type AutoscalerSettings } from '../../src/autoscale/autoscaler';
import { numbered } from '../../src/autoscale/crew';
import { createEmitter, type Emitter } from '../../src/lifecycle/emitter';
import type { Happenings } from '../../src/ports/happenings';
import type { Session } from '../../src/ports/leases';
import type { Load, ScalingHistory, WorkerDriver } from '../../src/ports/scaling';
import { describedAs, vitalsOf } from '../contract/leases';
import { createVirtualClock, turns, type VirtualClock } from '../lifecycle/virtualClock';

export const SETTINGS: AutoscalerSettings = {
  min: 1,
  max: 4,
  targetWaitSeconds: 10,
  coolDownSeconds: 20,
  dryRun: false,
  intervalMs: 1000,
  historyDays: 30,
  slots: 2,
  drainSeconds: 10,
};

export interface World {
  readonly clock: VirtualClock;
  readonly leases: MemoryLeases;
  readonly history: ScalingHistory;
  readonly events: Emitter<Happenings>;
  /** What the driver was told to do. */
  readonly done: string[];
  /** Makes the driver fail while it is set. */
  fail: Error | undefined;
  /** Whether workers that are started come at once, or never. */
  stillborn: boolean;
  fence: string | undefined;
  autoscaler(scheduler: string, settings?: Partial<AutoscalerSettings>): Autoscaler;
  /** A worker of its own name, by hand. */
  open(id: string, held?: number): Promise<Session>;
  /** Ids of live workers that take work. */
  active(): Promise<string[]>;
  /** Looks once a second at this load, published by one scheduler; workers that were asked to leave go at the next look. */
  live(of: Autoscaler, seconds: number, load: (second: number) => Load): Promise<void>;
}

export const createWorld = (): World => {
  const clock = createVirtualClock();
  const leases = createMemoryLeases({ clock, leaseMs: 1600, heartbeatMs: 400 });
  const sessions = new Map<string, Session>();
  const events = createEmitter<Happenings>(() => undefined);
  const done: string[] = [];
  const open = async (id: string, held = 0): Promise<Session> => {
    const session = await leases.sessions.open(describedAs(id, { slots: 2 }), vitalsOf(2 - Math.min(2, held), held));
    await session.announce();
    sessions.set(id, session);
    return session;
  };
  const driver: WorkerDriver = {
    name: 'local',
    outlive: true,
    desired: () => Promise.resolve(undefined),
    start: async (ids) => {
      if (world.fail !== undefined) throw world.fail;
      done.push(`start ${ids.join(' ')}`);
      if (!world.stillborn) for (const id of ids) await open(id);
      return `started ${ids.join(', ')}`;
    },
    leave: async (ids) => {
      done.push(`leave ${ids.join(' ')}`);
      for (const id of ids) await leases.control.ask(id, 'leave');
      return `asked ${ids.join(', ')} to leave`;
    },
  };
  const history = createMemoryScalings();
  const letGo = async (): Promise<void> => {
    for (const [id, session] of sessions) {
      if (session.wish() !== 'leave') continue;
      sessions.delete(id);
      await session.close();
    }
  };
  const world: World = {
    clock,
    leases,
    history,
    events,
    done,
    fail: undefined,
    stillborn: false,
    fence: '1',
    open,
    autoscaler: (scheduler, settings = {}) =>
      createAutoscaler({
        ...leases,
        scheduler,
        driver,
        names: numbered('auto-'),
        history,
        clock,
        announce: events.announce,
        fence: () => world.fence,
        settings: { ...SETTINGS, ...settings },
      }),
    active: async () => (await leases.roster.read()).workers.flatMap(({ workerId, draining }) => (draining ? [] : [workerId])).sort(),
    live: async (of, seconds, load) => {
      for (let second = 1; second <= seconds; second++) {
        await clock.advance(1000);
        await letGo();
        await leases.board.publish('s', load(second));
        if (world.fence !== undefined) await of.lookOnce(world.fence);
        await turns();
      }
    },
  };
  return world;
};
