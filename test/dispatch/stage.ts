/** The dispatcher with its fleet, its losses and its gates, on a virtual clock: what it sends is written down. */
import { NOTHING_WAITS, type Standing } from '../../src/core/standing';
import { EVEN } from '../../src/core/fairness';
import { createMemoryGates } from '../../src/adapters/memory/gates';
import { createMemoryLimits } from '../../src/adapters/memory/limits';
import { Dispatcher, type DispatcherNeeds } from '../../src/dispatch/dispatcher';
import { createFleet } from '../../src/dispatch/fleet';
import { createGates } from '../../src/dispatch/gates';
import { createLimits } from '../../src/dispatch/limits';
import { createLosses } from '../../src/dispatch/losses';
import type { Event } from '../../src/core/event';
import type { Run } from '../../src/core/run';
import type { ClaimLedger, Claims, LiveWorker } from '../../src/ports/leases';
import type { Permits } from '../../src/ports/permits';
import type { WorkOrder } from '../../src/ports/transport';
import { plannedTask } from '../core/model';
import { createVirtualClock, turns } from '../lifecycle/virtualClock';

export const worker = (name: string, other: Partial<LiveWorker> = {}): LiveWorker => ({
  workerId: name,
  host: 'h',
  port: 1,
  version: '0',
  region: '',
  tags: [],
  types: ['API_CALL'],
  slots: 2,
  session: `s-${name}`,
  inbox: Number(name.slice(1)),
  freeSlots: 2,
  held: 0,
  draining: false,
  lastHeartbeatAt: 0,
  ...other,
});
const BREAKER = { enabled: true, attempts: 20, tasks: 5, coolDownMs: 1000, maxCoolDownMs: 4000, probes: 3 };
export const tasks = (count: number, priority = 5) => Array.from({ length: count }, (_, i) => plannedTask(`t${String(i)}`, [], { priority }));

export const startStage = (
  workers: LiveWorker[],
  { load, prefetch = 1, spreadOf = () => undefined }: Partial<Pick<DispatcherNeeds, 'load' | 'spreadOf'>> & { readonly prefetch?: number } = {},
) => {
  const clock = createVirtualClock();
  const sent: string[] = [];
  const revoked: string[] = [];
  const events: Event[] = [];
  const happened: [string, object][] = [];
  const announced: [string, object][] = [];
  const announce = (name: string, what: object): void => {
    announced.push([name, what]);
  };
  const state = {
    workers,
    trusted: true,
    live: true,
    send: (): Promise<void> => Promise.resolve(),
    raise: (): Awaited<ReturnType<Claims['raiseFloor']>>[number] => ({ kind: 'raised' }),
    /** As if there were room for everything; a test may put real ones here. */
    permits: {
      reserve: (wanted) => Promise.resolve(wanted.map(() => ({ kind: 'granted' }) as const)),
      free: (over) => Promise.resolve(over.map(() => true)),
      taken: (keys) => Promise.resolve(keys.map(() => 0)),
      waits: (rates) => Promise.resolve(rates.map(() => 0)),
    } as Permits,
    /** What comes of what is told to the log, before the log has answered. */
    appended: (): void => undefined,
    holder: (): Awaited<ReturnType<ClaimLedger['holders']>>[number] => ({ kind: 'absent' }),
  };
  const fleet = createFleet({
    roster: { read: () => Promise.resolve({ workers: state.workers, trusted: state.trusted }) },
    clock,
    announce: () => undefined,
    prefetch,
  });
  const store = createMemoryGates();
  const gates = createGates({
    store,
    clock,
    announce: (name, what) => {
      happened.push([name, what]);
    },
    breaker: BREAKER,
    workersOf: (type) => fleet.workers().filter(({ types }) => types.includes(type)).length,
    changed: () => {
      dispatcher.nudge();
    },
  });
  const permits: Permits = {
    reserve: (wanted) => state.permits.reserve(wanted),
    free: (over) => state.permits.free(over),
    taken: (keys) => state.permits.taken(keys),
    waits: (rates) => state.permits.waits(rates),
  };
  const limitStore = createMemoryLimits();
  const limits = createLimits({
    store: limitStore,
    permits,
    changed: () => {
      void dispatcher.reviewLimits();
    },
  });
  const dispatcher: Dispatcher = new Dispatcher({
    fleet,
    gates,
    limits,
    permits,
    isLive: () => state.live,
    fairness: EVEN,
    clock,
    announce,
    origin: () => 'http://here',
    inlineLimit: 1000,
    load,
    spreadOf,
    work: { inputs: () => Promise.resolve(new Map()) },
    claims: { raiseFloor: (wanted) => Promise.resolve(wanted.map(() => state.raise())) },
    queue: {
      send: async (orders: ReadonlyMap<number, readonly WorkOrder[]>) => {
        await state.send();
        for (const order of [...orders.values()].flat())
          for (const { name, dispatch, copyOf } of order.dispatches)
            sent.push(`${copyOf === undefined ? '' : 'copy of '}${name}#${String(dispatch)} to ${order.session}`);
        for (const order of [...orders.values()].flat())
          for (const { dispatch } of order.revoked) revoked.push(`#${String(dispatch)} of ${order.session}`);
      },
    },
  });
  const losses = createLosses({
    dispatcher,
    fleet,
    clock,
    announce: () => undefined,
    ledger: { holders: (wanted) => Promise.resolve(wanted.map(() => state.holder())) },
    log: {
      append: (all) => {
        for (const each of all.values()) events.push(...each);
        state.appended();
        return Promise.resolve();
      },
    },
  });
  dispatcher.shardTaken(0, 1);
  return {
    clock,
    sent,
    revoked,
    events,
    state,
    fleet,
    dispatcher,
    losses,
    gates,
    store,
    happened,
    announced,
    limits,
    limitStore,
    lookAtGates: async () => {
      await limits.lookOnce();
      await gates.lookOnce();
      await turns();
    },
    look: async () => {
      await limits.lookOnce();
      await gates.lookOnce();
      await losses.lookOnce();
      await turns();
    },
    enqueue: async (run: Run, ...which: number[]) => {
      dispatcher.enqueue(which.map((task) => ({ run, task, dispatch: run.dispatch[task]! })));
      await turns();
    },
    load: () => [...fleet.seats()].map(({ session, total }) => [session, total]),
  };
};

/** Another scheduler, with something of this priority waiting, of these types. */
export const othersWaitWith = (highest: number | null, types: readonly string[] = ['API_CALL']): ReadonlyMap<string, Standing> => {
  const highestOf = highest === null ? {} : Object.fromEntries(types.map((type) => [type, highest]));
  return new Map([['another', { ...NOTHING_WAITS, highest, highestOf }]]);
};
