/** An advancer with its ownership on a memory store and a memory log, and an outlet that writes down what it is told. */
import { createMemoryBroker } from '../../src/adapters/memory/broker';
import { createAdvancer, type Advancer } from '../../src/advance/advancer';
import type { Outcome } from '../../src/core/breaker';
import type { PlannedDag } from '../../src/core/dag';
import type { Event } from '../../src/core/event';
import type { Run } from '../../src/core/run';
import type { LawSettings } from '../../src/core/transition';
import type { Announce, Happenings } from '../../src/ports/happenings';
import type { EventLog } from '../../src/ports/transport';
import { createMemoryStore, type MemoryStore } from '../harness/memoryStore';
import { createVirtualClock, turns, type VirtualClock } from '../lifecycle/virtualClock';
import { T0 } from '../core/model';

export interface Sent {
  readonly task: string;
  readonly dispatch: number;
  readonly run: Run;
  readonly commits: number;
}

export interface TestScheduler {
  readonly advancer: Advancer;
  readonly store: MemoryStore;
  readonly log: EventLog;
  readonly clock: VirtualClock;
  readonly sent: Sent[];
  readonly adopted: string[];
  readonly revoked: string[];
  /** Executions whose sessions are told to end them. */
  readonly givenUp: string[];
  /** What the breaker is handed. */
  readonly outcomes: Outcome[];
  readonly acknowledged: number[];
  /** Until when the leases of its shards last by its own clock. */
  readonly live: { until: number };
  readonly happened: { readonly name: keyof Happenings; readonly what: Happenings[keyof Happenings] }[];
  /** Shards given up and not yet taken anew. */
  readonly doubted: number[];
  admit(plan: PlannedDag): Promise<void>;
  /** Stores without telling the advancer, as another scheduler does. */
  storeElsewhere(plan: PlannedDag): Promise<void>;
  tell(...events: readonly Event[]): Promise<void>;
  tellOf(shard: number, ...events: readonly Event[]): Promise<void>;
  /** Takes anew what was doubted, until nothing is. */
  retake(): Promise<void>;
  /** When the outlet says that tasks were sent, by their names, and which of them it says wait at their workers. */
  readonly sentAt: Map<string, number>;
  readonly waitingAtWorkers: { run: Run; task: number }[];
  stop(): Promise<void>;
}

export const startScheduler = async (
  options: { law?: LawSettings; firstBeforeCommit?: boolean; shards?: number; store?: MemoryStore } = {},
): Promise<TestScheduler> => {
  const clock = createVirtualClock(T0);
  const store = options.store ?? createMemoryStore();
  const shards = options.shards ?? 1;
  const log = createMemoryBroker({ clock, shards }).eventLog;
  const [sent, adopted, acknowledged, doubted] = [[] as Sent[], [] as string[], [] as number[], [] as number[]];
  const revoked: string[] = [];
  const sentAt = new Map<string, number>();
  const waitingAtWorkers: { run: Run; task: number }[] = [];
  const outcomes: Outcome[] = [];
  const givenUp: string[] = [];
  const happened: { name: keyof Happenings; what: Happenings[keyof Happenings] }[] = [];
  const announce: Announce = (name, what) => {
    happened.push({ name, what });
  };
  const live = { until: Infinity };
  const nameOf = (run: Run, task: number): string => run.specs[task]!.name;
  const advancer = createAdvancer({
    store,
    commands: store,
    log,
    clock,
    announce,
    firstBeforeCommit: options.firstBeforeCommit ?? true,
    isLive: () => live.until > clock.monotonic(),
    sessionLeaseMs: 1600,
    ...(options.law === undefined ? {} : { law: options.law }),
    doubted: (which) => {
      doubted.push(...which);
    },
    outlet: {
      shardTaken: () => undefined,
      shardDropped: () => undefined,
      ready: (tasks) => {
        for (const { run, task } of tasks) sent.push({ task: nameOf(run, task), dispatch: run.dispatch[task]!, run, commits: store.commits.length });
      },
      revoked: (tasks) => {
        for (const { run, task } of tasks) revoked.push(nameOf(run, task));
      },
      givenUp: (executions) => {
        for (const { session, run, task, dispatch } of executions) givenUp.push(`${run.dag}/${String(task)}#${String(dispatch)} in ${session}`);
      },
      over: () => undefined,
      wonByCopy: () => undefined,
      judge: (all) => {
        outcomes.push(...all);
      },
      leaving: () => undefined,
      adopt: (run, task, session) => {
        adopted.push(`${nameOf(run, task)} in ${session}`);
      },
      sentAt: (run, task) => sentAt.get(nameOf(run, task)) ?? null,
      waitingAtWorkers: () => waitingAtWorkers.splice(0),
      acknowledge: (checkpoints) => {
        for (const { sequence } of checkpoints) acknowledged.push(sequence);
      },
    },
  });
  await advancer.start();
  for (let shard = 0; shard < shards; shard++) await advancer.take(store.acquire(shard));
  await turns();
  const tellOf = async (shard: number, ...events: readonly Event[]): Promise<void> => {
    await log.append(new Map([[shard, events]]));
    await turns();
  };
  return {
    advancer,
    store,
    log,
    clock,
    sent,
    adopted,
    revoked,
    givenUp,
    sentAt,
    waitingAtWorkers,
    outcomes,
    acknowledged,
    happened,
    live,
    doubted,
    tellOf,
    tell: (...events) => tellOf(0, ...events),
    admit: async (plan) => {
      await store.admit([{ dag: plan, idempotency: null }]);
      advancer.admit(plan);
      await turns();
    },
    storeElsewhere: async (plan) => {
      await store.admit([{ dag: plan, idempotency: null }]);
    },
    retake: async () => {
      for (let shard = doubted.shift(); shard !== undefined; shard = doubted.shift()) {
        await advancer.take(store.acquire(shard));
        await turns();
      }
    },
    stop: () => advancer.stop(),
  };
};

export const sentNames = (scheduler: TestScheduler): string[] => scheduler.sent.map(({ task, dispatch }) => `${task}#${String(dispatch)}`);
