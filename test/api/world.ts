/** The whole API over a real PostgreSQL, without an engine behind it: what is submitted stays CREATED until a test changes it. */
import type { Express } from 'express';
import supertest from 'supertest';
import { createMemoryLeases, type MemoryLeases } from '../../src/adapters/memory/leases';
import { openDatabase, type Database } from '../../src/adapters/postgres/database';
import { createCommandStore } from '../../src/adapters/postgres/commandStore';
import { createDagViews } from '../../src/adapters/postgres/dagViews';
import { createRowAudit } from '../../src/adapters/postgres/audit';
import { createDeadLetterOutbox } from '../../src/adapters/postgres/deadLetterOutbox';
import { createDeadLetterStore, createDeadLetterViews } from '../../src/adapters/postgres/deadLetters';
import { createGateStore } from '../../src/adapters/postgres/gateStore';
import { createLimitStore } from '../../src/adapters/postgres/limitStore';
import { createHistoryViews } from '../../src/adapters/postgres/historyViews';
import { migrate } from '../../src/adapters/postgres/migrate';
import { createDagRemoval } from '../../src/adapters/postgres/removal';
import { createScheduleClock } from '../../src/adapters/postgres/scheduleClock';
import { createScheduleStore, createScheduleViews } from '../../src/adapters/postgres/schedules';
import { createScalingHistory } from '../../src/adapters/postgres/scalings';
import { createRunStore } from '../../src/adapters/postgres/runStore';
import { createShardLeases } from '../../src/adapters/postgres/shardLeases';
import { createTaskViews } from '../../src/adapters/postgres/taskViews';
import { createWorkIndex } from '../../src/adapters/postgres/workIndex';
import { systemClock } from '../../src/adapters/system/clock';
import type { Commanded } from '../../src/core/command';
import { BUILT_IN_TASK_TYPES, type PlannedDag } from '../../src/core/dag';
import { bodySchemas } from '../../src/control/schemas';
import type { Event } from '../../src/core/event';
import type { Expectation } from '../../src/core/runTimes';
import { createApp } from '../../src/edge/app';
import { createEmitter, type Emitter } from '../../src/lifecycle/emitter';
import type { Place } from '../../src/core/places';
import { createExpectedEnds } from '../../src/observe/expectedEnds';
import { createAwaitedDag, createFinals } from '../../src/observe/finals';
import { createHealth } from '../../src/observe/health';
import { createMetrics } from '../../src/observe/metrics';
import { openApiDocument } from '../../src/observe/openapi';
import { dagJson } from '../../src/observe/present';
import { autoscalingRoutes, gateListRoutes, limitRoutes, poolRoutes, targetRoutes } from '../../src/observe/routes/cluster';
import { dagRoutes } from '../../src/observe/routes/dags';
import { docsRoutes } from '../../src/observe/routes/docs';
import { historyRoutes, letterRoutes } from '../../src/observe/routes/history';
import { inputRoutes, taskRoutes } from '../../src/observe/routes/tasks';
import { probeRoutes } from '../../src/edge/probeRoutes';
import type { Happenings } from '../../src/ports/happenings';
import type { LiveWorker, WorkerControl } from '../../src/ports/leases';
import type { CommandStore, RunStore } from '../../src/ports/store';
import type { EventLog } from '../../src/ports/transport';
import { createControlApi } from '../../src/roles/control';
import { createDoctorApi } from '../../src/roles/doctor';
import { createSchedules } from '../../src/roles/schedules';
import { createWorkersApi } from '../../src/roles/workers';
import { submitRoutes } from '../../src/submit/routes';
import { submissionSchemas } from '../../src/submit/schema';
import { createBacklog } from '../../src/submit/backlog';
import { createSubmitter } from '../../src/submit/submitter';
import { DIRECTLY } from '../adapters/postgres/opened';
import { atEnd } from '../harness/cleanup';
import { freshDatabase } from '../harness/services';

export const LIMITS = { tasksPerDag: 200, edgesPerDag: 400, payloadBytes: 2_000, bodyBytes: 100_000 };
export const AUTOSCALING = {
  enabled: true,
  dryRun: false,
  driver: 'local',
  min: 1,
  max: 8,
  targetWaitSeconds: 30,
  coolDownSeconds: 120,
};
const TIMEOUTS = { connectTimeoutMs: 5_000, statementTimeoutMs: 10_000, viewTimeoutMs: 10_000 };

export interface World {
  readonly app: Express;
  readonly http: ReturnType<typeof supertest>;
  readonly database: Database;
  readonly store: RunStore;
  readonly events: Emitter<Happenings>;
  /** DAGs that the engine was told of. */
  readonly admitted: PlannedDag[];
  /** Commands that the log was told of. */
  readonly told: Commanded[];
  readonly commands: CommandStore;
  /** What repairs told the logs. */
  readonly appended: Event[];
  /** Where claims are audited. */
  readonly leases: MemoryLeases;
  /** Errors that no row of the table knows. */
  readonly unexpected: unknown[];
  /** What the live parts answer; tests change them. */
  readonly live: {
    workers: LiveWorker[];
    place: Place | undefined;
    sentTo: string | undefined;
    ready: boolean;
    openTasks: number;
    expected: Expectation;
    redis: () => Promise<void>;
    append: (commands: readonly Commanded[]) => Promise<void>;
    control: WorkerControl;
  };
  /** Rows in the tables of DAGs and of tasks. */
  rows(): Promise<{ dags: number; tasks: number }>;
}

/** How long a request waits here for an outcome: nobody applies a command unless the test does. */
export const OUTCOME_MS = 400;

/** No worker is there to be asked, and none was lost. */
export const NOBODY: WorkerControl = { ask: () => Promise.resolve('absent'), lost: () => Promise.resolve([]), forget: () => Promise.resolve(false) };

const logOf = ({ told, live }: Pick<World, 'told' | 'live'>): Pick<EventLog, 'append'> => ({
  append: async (events) => {
    const commands = [...events.values()].flat().filter((event) => event.type === 'commanded');
    told.push(...commands);
    await live.append(commands);
  },
});

const routersOf = (world: Omit<World, 'app' | 'http' | 'rows'>, limits: typeof LIMITS) => {
  const { database, store, events, live, commands } = world;
  const views = { ...createDagViews(database), ...createTaskViews(database) };
  const history = createHistoryViews(database);
  const letters = createDeadLetterViews(database, views);
  const clock = systemClock;
  const gates = createGateStore(database);
  const limitRows = createLimitStore(database);
  const { permits } = world.leases;
  const workers = (): LiveWorker[] => live.workers;
  const planning = {
    limits,
    types: BUILT_IN_TASK_TYPES,
    order: 'fifo' as const,
    retry: { maxRetries: 3, backoff: { type: 'exponential', initialMs: 500, factor: 2, maxMs: 60_000, jitter: 0.5 } },
  } as const;
  const submitter = createSubmitter({
    store,
    views,
    clock,
    ...planning,
    announce: events.announce,
    pendingSubmissions: 100,
    submissionWaitMs: 5000,
    backlog: createBacklog({ count: () => live.openTasks, limit: 1_000_000, clock, announce: events.announce }),
    shards: () => [0, 1, 2, 3],
    admitted: (dag) => {
      world.admitted.push(dag);
    },
  });
  const components = { postgres: { needed: true, check: () => database.ping() }, redis: { needed: true, check: () => live.redis() } };
  const health = createHealth({ components, clock });
  return [
    submitRoutes({ submitter, bodyBytes: limits.bodyBytes, present: dagJson, unexpected: (error) => void world.unexpected.push(error) }),
    dagRoutes({
      views,
      awaitedDag: createAwaitedDag({ views, clock, finals: createFinals({ listen: events.listen, clock }) }),
      expectedEnd: createExpectedEnds({ runOf: () => undefined, store, workers, clock, expectationIn: () => live.expected }),
    }),
    gateListRoutes({ gates, clock }),
    limitRoutes({ limits: limitRows, permits }),
    poolRoutes({ views, limits: limitRows, gates, permits, clock }),
    taskRoutes({
      gates,
      limits: limitRows,
      permits,
      clock,
      views: { ...views, ...history },
      workers,
      queue: { position: () => live.place, sentTo: () => live.sentTo },
    }),
    createDoctorApi({
      life: { clock, announce: events.announce },
      rows: createRowAudit(database),
      roster: { read: () => live.redis().then(() => ({ workers: live.workers, trusted: true })) },
      claimAudit: world.leases.claimAudit,
      commands,
      removal: createDagRemoval(database),
      outbox: createDeadLetterOutbox(database),
      topic: { publish: () => Promise.resolve() },
      log: { append: (told) => Promise.resolve(void world.appended.push(...[...told.values()].flat())) },
      origin: () => 'http://here',
      lead: { fence: () => undefined },
      bodyBytes: limits.bodyBytes,
      limits: { betweenMs: 10, letterMs: 0, removalMs: 0 },
    }).routes,
    ...createWorkersApi({
      roster: { read: () => live.redis().then(() => ({ workers: live.workers, trusted: true })) },
      control: {
        ask: (workerId, wish) => live.control.ask(workerId, wish),
        lost: () => live.control.lost(),
        forget: (workerId) => live.control.forget(workerId),
      },
      seen: workers,
      views,
      announce: events.announce,
      bodyBytes: limits.bodyBytes,
    }),
    ...createSchedules({
      life: { clock, announce: events.announce },
      lead: { fence: () => undefined },
      schedules: { ...createScheduleStore(database), ...createScheduleViews(database), ...createScheduleClock(database) },
      submitter,
      bodyBytes: limits.bodyBytes,
    }).routes,
    autoscalingRoutes({ settings: AUTOSCALING, board: world.leases.board, history: createScalingHistory(database) }),
    inputRoutes({ work: createWorkIndex(database) }),
    targetRoutes({ schedulers: world.leases.schedulers, workers: () => Promise.resolve(live.workers), host: 'h' }),
    createControlApi({
      ...{ store, views, history, letters, planning, commands, gates, limits: limitRows, permits, workers },
      gatesChanged: () => undefined,
      limitsChanged: () => undefined,
      letterStore: createDeadLetterStore(database),
      removal: createDagRemoval(database),
      life: { clock, announce: events.announce, listen: events.listen },
      log: logOf(world),
      outcomeMs: OUTCOME_MS,
    }),
    historyRoutes({ views: { ...views, ...history } }),
    letterRoutes({ views: letters }),
    probeRoutes({
      health,
      ready: () => live.ready,
      metrics: createMetrics({
        listen: events.listen,
        clock,
        types: BUILT_IN_TASK_TYPES,
        workers,
        openTasks: () => live.openTasks,
        health,
        tellers: new Set(['process', 'scheduler', 'leader', 'worker']),
        process: { role: 'standalone', version: '0.0.0' },
        census: () => ({ waiting: [{ priority: 9, type: 'API_CALL', size: 2 }], running: new Map([['API_CALL', 3]]) }),
      }),
    }),
    docsRoutes({
      openApi: openApiDocument({
        version: '0.0.0',
        bodies: {
          ...submissionSchemas('#/components/schemas/'),
          ...bodySchemas({ task: { $ref: '#/components/schemas/TaskDto' }, dag: { $ref: '#/components/schemas/DagDto' } }),
        },
      }),
    }),
  ];
};

const openFresh = async (): Promise<Database> => {
  const { url } = await freshDatabase();
  const database = await openDatabase({ ...DIRECTLY, url, poolSize: 4, viewPoolSize: 4, ...TIMEOUTS, onIdleError: () => undefined });
  let closed: Promise<void> | undefined;
  const close = (): Promise<void> => (closed ??= database.close());
  atEnd(close);
  await migrate(database, { url, ...TIMEOUTS });
  await createShardLeases(database).define(4);
  return { ...database, close };
};

/** Opens a world on a database of its own; all of it ends with the test file. */
export const openWorld = async (limits: Partial<typeof LIMITS> = {}): Promise<World> => {
  const database = await openFresh();
  const unexpected: unknown[] = [];
  const parts = {
    database,
    store: createRunStore(database),
    commands: createCommandStore(database),
    told: [],
    appended: [],
    leases: createMemoryLeases({ clock: systemClock, leaseMs: 60_000, heartbeatMs: 20_000 }),
    admitted: [],
    unexpected,
    events: createEmitter<Happenings>((_name, error) => {
      unexpected.push(error);
    }),
    live: {
      workers: [],
      place: undefined,
      sentTo: undefined,
      ready: true,
      openTasks: 0,
      expected: () => undefined,
      redis: () => Promise.resolve(),
      append: () => Promise.resolve(),
      control: NOBODY,
    },
  };
  const app = createApp({
    routers: routersOf(parts, { ...LIMITS, ...limits }),
    answered: (what) => {
      parts.events.announce('http.answered', what);
    },
    unexpected: (error) => {
      unexpected.push(error);
    },
    monotonic: () => performance.now(),
  });
  const rows = async (): Promise<{ dags: number; tasks: number }> => {
    const { rows: found } = await database.engine.query<{ dags: number; tasks: number }>(
      'SELECT (SELECT count(*)::int FROM dags) AS dags, (SELECT count(*)::int FROM tasks) AS tasks',
    );
    return found[0]!;
  };
  return { ...parts, app, rows, http: supertest(app) };
};
