/** The services and the processes of a run: the real engine and the real worker, on adapters that reach simulated services. */
import { createMemoryStore, recordOf, type MemoryStore } from '../../src/adapters/memory/store';
import { beginHeartbeat } from '../../src/adapters/redis/heartbeat';
import { createRedisClaims } from '../../src/adapters/redis/claims';
import { CLAIM_BATCH } from '../../src/adapters/redis/claims.lua';
import { createKeyspace, type Ask } from '../../src/adapters/redis/keyspace';
import { createRedisPermits } from '../../src/adapters/redis/permits';
import { createRedisPrecedence } from '../../src/adapters/redis/precedence';
import { createRedisRoster } from '../../src/adapters/redis/roster';
import { createRedisSessions } from '../../src/adapters/redis/sessions';
import type { CommandOutcome } from '../../src/core/command';
import type { Event } from '../../src/core/event';
import { failure } from '../../src/core/failure';
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
import { createTopic, createTransport, type Topic } from './kafka';
import { countLimits } from './limits';
import { createConnection, createService, type Connection, type Service, type ServiceName } from './network';
import { createProcess, type Lane, type Process } from './process';
import type { Random } from './random';
import { createSimulatedRedis, type SimulatedRedis } from './redis';
import { createTimeline, type Timeline } from './timeline';

export const START_MS = 1_800_000_000_000;
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
  /** What a send to a worker meets: shares of those lost, doubled and late. */
  readonly orders: { lost: number; doubled: number; late: number };
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

const storeAway = (why: string): Error => failure('STORE_UNAVAILABLE', why);
const leasesAway = (why: string): Error => failure('LEASES_UNAVAILABLE', why);
const STORE = { timeoutMs: 5000, unavailable: storeAway };

/** A store's functions, each of them a call over the network. */
const overNetwork = <T extends object>(
  connection: Connection,
  timeline: Timeline,
  target: T,
  heard: Partial<Record<string, (args: unknown[], answer: unknown) => void>>,
): T => {
  const remote: Record<string, unknown> = {};
  for (const [name, serve] of Object.entries(target) as [string, (...args: unknown[]) => Promise<unknown>][]) {
    remote[name] = (...args: unknown[]) =>
      connection
        .poll<{ value: unknown } | { error: unknown }>(
          () => (answer) => {
            timeline.stirred();
            serve(...args).then(
              (value) => {
                heard[name]?.(args, value);
                answer({ value });
              },
              (error: unknown) => {
                answer({ error });
              },
            );
          },
          STORE,
        )
        .then((outcome) => {
          if ('error' in outcome) throw outcome.error as Error;
          return outcome.value;
        });
  }
  return remote as T;
};

const paged = (store: RunStore): RunStore & { allLive(shard: number): Promise<DagRecord[][]> } => ({
  ...store,
  allLive: async (shard) => {
    const pages: DagRecord[][] = [];
    for await (const page of store.liveDags(shard)) pages.push(page);
    return pages;
  },
});

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
  const orders = { lost: 0, doubled: 0, late: 0 };
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

  const askOver = (lane: Lane, timeoutMs: number): { ask: Ask; ping: () => Promise<void> } => {
    const connection = connect(lane, 'redis', true);
    const options = { timeoutMs, unavailable: leasesAway };
    let generations = 0;
    const raw = createKeyspace({
      prefix: PREFIX,
      leaseMs: LEASE_MS,
      connection: {
        // The name of a new generation is the only chance in there.
        run: (script, [prefix, lease, , ...rest]) =>
          connection.call(() => {
            const answer = redis.run(script, [prefix!, lease!, `${lane.process.id}.${String(generations++)}`, ...rest]);
            if (script === CLAIM_BATCH) noteGrants(rest, answer);
            countLimits(script, answer, count);
            return answer;
          }, options),
      },
    });
    return { ask: raw, ping: () => connection.call(() => undefined, options) };
  };
  const noteGrants = ([session, , ...asked]: readonly string[], answer: unknown): void => {
    if (!Array.isArray(answer)) return;
    const keys: string[] = [];
    // Each key is followed by its dispatch, how many limits it has, and two words for each of them.
    for (let at = 0; at < asked.length; at += 3 + 2 * Number(asked[at + 2])) keys.push(asked[at]!);
    (answer as unknown[]).forEach((each, i) => {
      if (typeof each !== 'string' || !/^g\d+ \d+$/.test(each)) return;
      const [dispatch, grant] = each.slice(1).split(' ');
      history.add({ kind: 'granted', session: session!, key: keys[i]!, dispatch: Number(dispatch), fence: grant! });
    });
  };

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
      fateOfOrders: () => {
        const draw = random.next();
        if (draw < orders.lost) {
          count('order lost');
          return [];
        }
        if (draw < orders.lost + orders.doubled) {
          count('order doubled');
          return [0, random.between(1, 900)];
        }
        if (draw < orders.lost + orders.doubled + orders.late) {
          count('order late');
          return [random.between(50, 3000)];
        }
        return [0];
      },
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

  const leasesOf = (process: Process, onForgotten: () => Promise<void> | void) => {
    const { ask, ping } = askOver(process.main, 1000);
    const onError = (): void => undefined;
    const { claims, ledger } = createRedisClaims({ ask, clock: process.main.clock, tombstoneMs: 300_000, onError });
    const sessions = createRedisSessions({
      ask,
      clock: process.main.clock,
      prefix: PREFIX,
      leaseMs: LEASE_MS,
      heartbeatMs: HEARTBEAT_MS,
      monotonic: () => timeline.now(),
      newName: () => `${process.id}-${String(names++)}`,
      onForgotten,
      startHeartbeat: (spec, hear) => {
        history.add({
          kind: 'session',
          session: spec.session,
          process: process.id,
          window: (shape.slots + PREFETCH) * (batches ? BATCH.maxSize : 1),
        });
        return beginHeartbeat({
          spec,
          ask: askOver(process.thread, Math.max(100, LEASE_MS / 3)).ask,
          clock: process.thread.clock,
          tell: (message) => process.main.turn('answer', () => hear(message)),
          kill: () => {
            count('killed by its heartbeat');
            process.crash();
          },
          onError,
        });
      },
    });
    const permits = createRedisPermits({ ask });
    return {
      claims,
      ledger,
      permits,
      sessions,
      precedence: createRedisPrecedence({ ask }),
      roster: createRedisRoster({ ask, connection: { ping } }),
    };
  };
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
      const skewMs = random.between(-50, 50);
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
