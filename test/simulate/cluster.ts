/** The services and the processes of a run: the real engine and the real worker, on adapters that reach simulated services. */
import { createMemoryStore, recordOf, type MemoryStore } from '../../src/adapters/memory/store';
import type { CommandOutcome } from '../../src/core/command';
import type { Event } from '../../src/core/event';
import type { FairnessSettings } from '../../src/core/fairness';
import type { DagId } from '../../src/core/ids';
import type { DagRecord } from '../../src/core/change';
import { DEFAULT_LAW, type LawSettings } from '../../src/core/law';
import type { Handler } from '../../src/core/handler';
import { redactionOf } from '../../src/core/redact';
import type { Runnables } from '../../src/execute/work';
import type { Service as LivingService } from '../../src/lifecycle/service';
import { createEngine, type Engine } from '../../src/roles/engine';
import { createHands, type Hands } from '../../src/roles/hands';
import type { CommandStore, CommitBatch, RunStore } from '../../src/ports/store';
import type { EventLog, WorkOrder } from '../../src/ports/transport';
import { createHistory, type History } from './history';
import { createTransport } from './kafka';
import { createLeases } from './leases';
import { createConnection, createService, type Connection, type Service, type ServiceName } from './network';
import { fates, type OrderFaults } from './orders';
import { overNetwork, paged } from './overNetwork';
import { createProcess, type Lane, type Process } from './process';
import type { Random } from './random';
import { createSimulatedRedis, type SimulatedRedis } from './redis';
import { createTimeline, type Timeline } from './timeline';
import { createTopic, type Topic } from './topic';

export const START_MS = 1_800_000_000_000;
/** What the clock of a process is fast or slow, at most. */
export const SKEW_MS = 50;
export const LEASE_MS = 1600;
/** As by default, but for its times: a run is short. */
const BREAKER = { enabled: true, attempts: 20, tasks: 5, coolDownMs: 1000, maxCoolDownMs: 4000, probes: 3 };
/** What waits for two seconds counts one priority higher; some DAGs have a weight, or a share of their own. */
export const FAIRNESS: FairnessSettings = {
  ageingMs: 2000,
  flows: { 'dag 1': { weight: 3, reserved: 0 }, 'dag 2': { weight: 1, reserved: 0.2 } },
};
const HEARTBEAT_MS = 400;
const PREFETCH = 2;
/** Steps so short that early ends and skips of these small DAGs are cut off, as those of large ones are. */
export const LAW: LawSettings = { ...DEFAULT_LAW, cascadeLimit: 1 };
const PREFIX = 's:';
/** What every script begins with, for whoever looks at Redis from outside. */
export const SCRIPT_HEAD = [PREFIX, String(LEASE_MS), 'looked at'];
export const TYPES = ['DATA_PROCESSING', 'API_CALL'];

export interface Shape {
  readonly schedulers: number;
  readonly workers: number;
  readonly shards: number;
  readonly slots: number;
}

export interface Running {
  readonly process: Process;
  readonly service: LivingService;
  readonly engine?: Engine;
  readonly hands?: Hands;
  readonly store: RunStore;
  /** What a client reaches through a scheduler. */
  readonly commands?: CommandStore;
  readonly log?: EventLog;
}

export interface Cluster {
  readonly timeline: Timeline;
  readonly history: History;
  readonly services: Readonly<Record<ServiceName, Service>>;
  readonly redis: SimulatedRedis;
  readonly events: Topic<readonly Event[]>;
  readonly queue: Topic<readonly WorkOrder[]>;
  readonly memory: MemoryStore;
  readonly orders: OrderFaults;
  readonly counts: Map<string, number>;
  count(what: string): void;
  start(kind: 'scheduler' | 'worker', name: string): Running;
  /** The incarnation of a process that lives now. */
  find(name: string): Running | undefined;
}

/** With `batches` the second type's handler takes many tasks in one call. */
const BATCH = { maxSize: 4, maxWaitMs: 30 };
const runnablesOf = (handler: Handler, batches: boolean): Runnables =>
  new Map(TYPES.map((type, i) => [type, batches && i === 1 ? { handle: (contexts) => contexts.map(handler), batch: BATCH } : handler]));

export interface ClusterNeeds {
  readonly random: Random;
  readonly shape: Shape;
  readonly handlerIn: (process: Process) => Handler;
}

export const createCluster = ({ random, shape, handlerIn }: ClusterNeeds): Cluster => {
  const batches = random.fork('batches').chance(0.3);
  const timeline = createTimeline();
  const history = createHistory(timeline.now);
  const nowMs = (): number => Math.floor(START_MS + timeline.now());
  const services = { postgres: createService('postgres'), kafka: createService('kafka'), redis: createService('redis') };
  const redis = createSimulatedRedis(() => (START_MS + timeline.now()) * 1000);
  const events = createTopic<readonly Event[]>('task-events', nowMs);
  const queue = createTopic<readonly WorkOrder[]>('task-queue', nowMs);
  const memory = createMemoryStore({ now: nowMs });
  const orders: OrderFaults = { lost: 0, doubled: 0, late: 0 };
  const counts = new Map<string, number>();
  const count = (what: string): void => {
    counts.set(what, (counts.get(what) ?? 0) + 1);
  };
  const live = new Map<string, Running>();
  let started = 0;
  let names = 0;

  const connect = (lane: Lane, name: ServiceName, inOrder: boolean): Connection =>
    createConnection({
      lane,
      service: services[name],
      timeline,
      random: random.fork(`${lane.process.id}/${name}/${String(names++)}`),
      inOrder,
      latencyMs: name === 'postgres' ? [0.5, 4] : [0.3, 2.5],
      befell: count,
    });

  const transportOf = (process: Process) =>
    createTransport({
      events,
      queue,
      lane: process.main,
      connection: connect(process.main, 'kafka', false),
      later: (ms, act) => timeline.after(ms, act),
      appended: (shard, { offset, timestamp, hash, content }) => {
        history.add({ kind: 'appended', log: String(events.incarnation()), shard, offset, timestamp, hash, events: content, by: process.id });
      },
      sent: ({ session, shard, epoch, dispatches }) => {
        for (const { dag, task, dispatch, priority } of dispatches)
          history.add({ kind: 'sent', by: process.id, session, shard, epoch, dag, task, dispatch, priority });
      },
      fateOfOrders: fates({ orders, random, count }),
    });

  const storesOf = (process: Process) => {
    const connection = connect(process.main, 'postgres', false);
    const reached = overNetwork(connection, timeline, paged(memory.store), {
      commit: ([batch]) => history.add({ kind: 'committed', scheduler: process.id, batch: batch as CommitBatch }),
      admit: ([submissions], answers) => {
        (submissions as { dag: never }[]).forEach(({ dag }, i) => {
          if ((answers as { kind: string }[])[i]?.kind === 'stored') history.add({ kind: 'stored', dag });
        });
      },
    });
    const raised = (_: unknown[], owned: unknown): void => {
      for (const each of [owned].flat() as ({ shard: number; epoch: number } | undefined)[])
        if (each !== undefined) history.add({ kind: 'epoch', shard: each.shard, epoch: each.epoch, scheduler: process.id });
    };
    const store: RunStore = {
      ...reached,
      liveDags: async function* liveDags(shard) {
        for (const page of await reached.allLive(shard)) yield page;
      },
    };
    return {
      store,
      work: overNetwork(connection, timeline, memory.work, {}),
      gates: overNetwork(connection, timeline, memory.gates, {}),
      limitStore: overNetwork(connection, timeline, memory.limits, {}),
      commands: overNetwork(connection, timeline, memory.commands, {
        refuseCommands: ([outcomes]) => history.add({ kind: 'refused', outcomes: outcomes as CommandOutcome[] }),
      }),
      shardLeases: overNetwork(connect(process.main, 'postgres', false), timeline, memory.leases, { acquire: raised, retake: raised }),
    };
  };

  const leasesOf = createLeases({
    timeline,
    history,
    redis,
    connect,
    count,
    newNumber: () => names++,
    prefix: PREFIX,
    leaseMs: LEASE_MS,
    heartbeatMs: HEARTBEAT_MS,
    window: (shape.slots + PREFETCH) * (batches ? BATCH.maxSize : 1),
  });
  const announceIn =
    (process: Process) =>
    (name: string, what: object): void => {
      count(name);
      if (name === 'loop.failed') {
        const { error } = what as { error: unknown };
        // Whatever isn't a failure of the world is a mistake in the program.
        if (error instanceof Error && error.name !== 'Failure' && error.name !== 'Error')
          history.add({ kind: 'fault', fault: `program: ${error.stack ?? ''}`, target: process.id });
      }
    };

  const startScheduler = (process: Process): Running => {
    const { roster, claims, ledger, permits, precedence } = leasesOf(process, () => undefined);
    const stores = storesOf(process);
    const transport = transportOf(process);
    const engine = createEngine({
      ...stores,
      ...transport,
      roster,
      claims,
      ledger,
      permits,
      precedence,
      scheduler: process.id,
      clock: process.main.clock,
      announce: announceIn(process),
      durableTransport: true,
      law: LAW,
      origin: () => 'http://simulated',
      settings: {
        shards: shape.shards,
        shardLeaseMs: 3000,
        renewMs: 500,
        rosterMs: 250,
        sweepMs: 250,
        sessionLeaseMs: LEASE_MS,
        prefetch: PREFETCH,
        breaker: BREAKER,
        fairness: FAIRNESS,
      },
    });
    return { process, engine, service: engine.service, store: stores.store, commands: stores.commands, log: transport.log };
  };
  const startWorker = (process: Process): Running => {
    const made: { hands?: Hands } = {};
    const { claims, sessions } = leasesOf(process, () => made.hands?.worker.reassert());
    const handler = handlerIn(process);
    const nothing = (): void => undefined;
    const hands = (made.hands = createHands({
      ...transportOf(process),
      description: { workerId: process.name, host: 'h', port: 1, version: '1', region: 'r', tags: [], types: TYPES, slots: shape.slots },
      handlers: runnablesOf(handler, batches),
      sessions,
      claims,
      appendLogs: () => Promise.resolve(),
      logBounds: { lineBytes: 1000, bufferBytes: 10_000, bytesPerSecond: 10_000 },
      redaction: redactionOf([]),
      clock: process.main.clock,
      announce: announceIn(process),
      shards: shape.shards,
      drainMs: 1000,
      takeoverMs: 60_000,
      limits: { resultBytes: 100_000, checkpointBytes: 100_000 },
      hardLimitGraceMs: 2000,
      endProcess: () => {
        count('ended by its hard limit');
        process.crash();
      },
      leave: nothing,
    }));
    return { process, hands, service: hands.service, store: memory.store };
  };

  return {
    timeline,
    history,
    services,
    redis,
    events,
    queue,
    memory,
    orders,
    counts,
    count,
    find: (name) => live.get(name),
    start: (kind, name) => {
      const id = `${name}.${String(++started)}`;
      const skewMs = random.between(-SKEW_MS, SKEW_MS);
      const process = createProcess({
        name,
        id,
        timeline,
        random: random.fork(id),
        startMs: START_MS + skewMs,
        onCrash: () => history.add({ kind: 'process', process: id, what: 'crashed' }),
      });
      history.add({ kind: 'process', process: id, what: 'started' });
      const running = kind === 'scheduler' ? startScheduler(process) : startWorker(process);
      live.set(name, running);
      process.main.turn('answer', () => {
        running.service.start().catch(() => {
          count('start failed');
          process.crash();
        });
      });
      return running;
    },
  };
};

export const finalRecords = async ({ memory }: Cluster, dags: readonly DagId[]): Promise<(DagRecord | undefined)[]> =>
  Promise.all(dags.map((dag) => memory.store.anyDag(dag)));
export { recordOf };
