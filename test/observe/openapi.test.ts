import Ajv2020 from 'ajv/dist/2020';
import { version } from '../../package.json';
import type { Router } from 'express';
import { auditRoutes } from '../../src/audit/routes';
import { controlRoutes, scheduleCommandRoutes, subscriptionRoutes, workerCommandRoutes } from '../../src/control/routes';
import { bodySchemas } from '../../src/control/schemas';
import { mintDagId } from '../../src/core/ids';
import { openApiDocument } from '../../src/observe/openapi';
import { dagDetailJson, dagJson, taskDetailJson, taskJson, workerDetailJson, workerJson } from '../../src/observe/present';
import { scalingValue, judgementValue } from '../../src/observe/autoscaling';
import { autoscalingRoutes, gateListRoutes, limitRoutes, poolRoutes, targetRoutes, workerListRoutes } from '../../src/observe/routes/cluster';
import { dagRoutes } from '../../src/observe/routes/dags';
import { historyRoutes, letterRoutes } from '../../src/observe/routes/history';
import { liveRoutes } from '../../src/observe/routes/live';
import { logRoutes, taskRoutes } from '../../src/observe/routes/tasks';
import { scheduleRoutes } from '../../src/observe/routes/schedules';
import { firingJson, scheduleDetailJson, scheduleJson } from '../../src/observe/schedules';
import { subscriptionListRoutes } from '../../src/observe/routes/subscriptions';
import { deliveryJson, subscriptionJson } from '../../src/observe/subscriptions';
import { probeRoutes } from '../../src/edge/probeRoutes';
import type { LiveWorker } from '../../src/ports/leases';
import type { FiringView, ScheduleView } from '../../src/ports/schedules';
import type { DagView, TaskView } from '../../src/ports/views';
import { submitRoutes } from '../../src/submit/routes';
import { submissionSchemas } from '../../src/submit/schema';
import { expectRecorded } from './recorded';

const document = openApiDocument({
  version,
  bodies: {
    ...submissionSchemas('#/components/schemas/'),
    ...bodySchemas({ task: { $ref: '#/components/schemas/TaskDto' }, dag: { $ref: '#/components/schemas/DagDto' } }),
  },
}) as {
  paths: Record<string, Record<string, unknown>>;
  components: { schemas: Record<string, object> };
};

test('docs/openapi.json is what the code says', () => {
  expectRecorded('openapi.json', `${JSON.stringify(document, null, 2)}\n`);
});

test('every reference leads somewhere', () => {
  const refs = [...JSON.stringify(document).matchAll(/"\$ref":"#\/components\/schemas\/(\w+)"/g)].map(([, name]) => name!);
  expect(refs.length).toBeGreaterThan(20);
  for (const name of refs) expect(Object.keys(document.components.schemas)).toContain(name);
});

test('the document has exactly the paths that are served', () => {
  const never = (): never => {
    throw new Error('only the routes are read');
  };
  const views = {
    dag: never,
    dags: never,
    taskDefaults: never,
    submittedUnder: never,
    task: never,
    tasks: never,
    tasksOf: never,
    blockers: never,
    runningIn: never,
    pools: never,
    checkpoint: never,
  };
  const history = { events: never, commands: never, command: never, commandWithKey: never, attempts: never };
  const letters = { letters: never, letter: never };
  const control = { onDag: never, retryDag: never, rerunDag: never, editDag: never, deleteDag: never };
  const taskControl = { onTask: never, retryTask: never, holdTask: never, markTask: never };
  const letterControl = { replay: never, discard: never, replayAll: never, discardAll: never };
  const routers: Router[] = [
    submitRoutes({ submitter: { check: never, submit: never }, bodyBytes: 1, present: never, unexpected: never }),
    dagRoutes({ views, awaitedDag: never, expectedEnd: never }),
    gateListRoutes({ gates: { gates: never }, clock: { now: never } }),
    limitRoutes({ limits: { limits: never }, permits: { taken: never } }),
    poolRoutes({ views, limits: { limits: never }, gates: { gates: never }, permits: { taken: never }, clock: { now: never, monotonic: never } }),
    taskRoutes({
      gates: { gates: never },
      limits: { limits: never },
      permits: { taken: never, waits: never },
      clock: { now: never },
      views: { ...views, ...history },
      workers: never,
      queue: { position: never, sentTo: never },
    }),
    historyRoutes({ views: { ...views, ...history } }),
    letterRoutes({ views: letters }),
    logRoutes({ views: { ...views, chunks: never }, followers: { follow: never } }),
    controlRoutes({
      control: { ...control, ...taskControl },
      letters: letterControl,
      views: { ...views, ...letters },
      bodyBytes: 1,
      present: { dag: never, task: never, letter: never, gate: never, limit: never },
      gates: { pause: never, resume: never },
      limits: { set: never, remove: never },
    }),
    workerListRoutes({ workers: { all: never, one: never }, views }),
    workerCommandRoutes({ commands: { drain: never, resume: never, remove: never }, bodyBytes: 1, present: never }),
    targetRoutes({ schedulers: { all: never }, workers: never, host: '' }),
    auditRoutes({ doctor: { examine: never }, repair: never, announce: never, bodyBytes: 1 }),
    autoscalingRoutes({ settings: never, board: { judgement: never }, history: { scalings: never } } as never),
    liveRoutes({ overview: { withHistory: never }, stream: { open: never } }),
    scheduleRoutes({ views: { schedule: never, schedules: never, firings: never, document: never }, clock: { now: never } }),
    scheduleCommandRoutes({
      control: { create: never, change: never, pause: never, resume: never, remove: never, trigger: never },
      bodyBytes: 1,
      present: { schedule: never, firing: never },
    }),
    subscriptionRoutes({
      control: { add: never, change: never, newSecret: never, remove: never, test: never, redeliver: never },
      bodyBytes: 1,
      present: { subscription: never, delivery: never },
    }),
    subscriptionListRoutes({ subscriptions: { subscriptions: never, subscription: never }, views: { deliveries: never } }),
    probeRoutes({ health: never, ready: never, metrics: { contentType: '', text: never } }),
  ];
  const served = routers
    .flatMap((router) => router.stack)
    .flatMap(({ route }) =>
      route === undefined
        ? []
        : Object.keys((route as unknown as { methods: object }).methods).map((method) => `${method} ${route.path.replaceAll(/:(\w+)/g, '{$1}')}`),
    );
  const described = Object.entries(document.paths).flatMap(([path, methods]) => Object.keys(methods).map((method) => `${method} ${path}`));
  expect(served.sort()).toEqual(described.sort());
});

describe('answers are as the document says', () => {
  const ajv = new Ajv2020({ strict: false, allowUnionTypes: true, validateFormats: false, allErrors: true });
  ajv.addSchema({ $id: 'api', ...document });
  const problemsOf = (name: string, json: string): unknown => {
    const validate = ajv.getSchema(`api#/components/schemas/${name}`)!;
    const schema = document.components.schemas[name] as { properties: object };
    const value = JSON.parse(json) as object;
    expect(Object.keys(value).sort()).toEqual(Object.keys(schema.properties).sort());
    return validate(value) ? [] : validate.errors;
  };
  const dagId = mintDagId(1, 1_700_000_000_000, () => 0.3);

  test('a DAG', () => {
    const dag: DagView = {
      id: 1,
      dagId,
      dagName: 'x',
      description: null,
      status: 'FAILED',
      tags: ['a'],
      totalTasks: 1,
      completedTasks: 0,
      failedTasks: 1,
      skippedTasks: 0,
      cancelledTasks: 0,
      createdAt: 0,
      startedAt: 1,
      completedAt: null,
      reason: null,
      dueAt: null,
      lateAt: 7,
      maxRunning: 3,
      tenant: 'acme',
      order: 'fifo',
      scheduleId: '11111111-2222-8333-9444-555555555555',
      scheduledFor: 5,
      version: 0,
    };
    expect(problemsOf('Dag', dagJson(dag))).toEqual([]);
    for (const end of [null, 5]) expect(problemsOf('DagDetail', dagDetailJson(dag, end))).toEqual([]);
  });

  test('a schedule and a firing', () => {
    const schedule: ScheduleView = {
      scheduleId: '11111111-2222-8333-9444-555555555555',
      name: 'x',
      cron: '0 6 * * *',
      timeZone: 'UTC',
      dagName: 'y',
      overlap: 'skip',
      catchUp: 'all',
      catchUpLimit: 3,
      jitterSeconds: 0.5,
      paused: false,
      note: null,
      by: null,
      reason: null,
      createdAt: 0,
      updatedAt: 1,
      nextFireAt: null,
      version: 0,
      lastFireAt: 5,
      lastDag: mintDagId(0, 0, () => 0),
      lastStatus: 'FAILED',
    };
    const firing: FiringView = {
      ...{ fireTime: 5, cause: 'CLOCK', state: 'SUBMITTED', dag: schedule.lastDag, status: 'FAILED', reason: null, by: null },
      ...{ dueAt: 5, settledAt: 6 },
    };
    expect(problemsOf('Schedule', scheduleJson(schedule))).toEqual([]);
    expect(problemsOf('Firing', firingJson(firing))).toEqual([]);
    const document = JSON.stringify({ dagName: 'y', tasks: [] });
    expect(problemsOf('ScheduleDetail', scheduleDetailJson(schedule, 7, { firings: [firing], document }))).toEqual([]);
  });

  test('a judgement and a decision of the autoscaler', () => {
    const decision = { before: 1, wanted: 3, direction: 'out', reason: 'more waits' } as const;
    const figures = { waiting: 9, running: 2, arrivalsPerSecond: 1 / 3, endsPerSecond: 0, serviceSeconds: null };
    const judgement = { ...decision, ...figures, at: 0, scheduler: 's', active: 1, draining: 0, starting: 0, slots: 2 };
    expect(problemsOf('ScalingJudgement', JSON.stringify(judgementValue(judgement)))).toEqual([]);
    const scaling = { ...decision, id: '1', at: 0, scheduler: 's', driver: 'local', dryRun: false, done: null, error: null } as const;
    expect(problemsOf('Scaling', JSON.stringify(scalingValue(scaling)))).toEqual([]);
  });

  test('a subscription and a delivery', () => {
    const some = { id: dagId, name: 'ops', events: ['DAG_LATE'], dagName: null, tags: ['a'], enabled: false, createdAt: 0, updatedAt: 1 } as const;
    const webhook = { ...some, channel: 'webhook', url: 'https://example.com', addresses: [], disabledReason: 'gone', by: null } as const;
    const email = { ...some, channel: 'email', url: null, addresses: ['a@b.c'], disabledReason: null, by: 'ada', dagName: 'x*' } as const;
    for (const subscription of [webhook, email]) expect(problemsOf('Subscription', subscriptionJson(subscription))).toEqual([]);
    const made = { id: dagId, number: '1', subscription: dagId, event: 'TEST', title: 't', createdAt: 0 } as const;
    const pending = { ...made, state: 'PENDING', attempt: 0, dueAt: 1, triedAt: null, endedAt: null, status: null, answer: null } as const;
    const failed = { ...made, state: 'FAILED', attempt: 3, dueAt: null, triedAt: 1, endedAt: 2, status: 500, answer: 'no' } as const;
    for (const delivery of [pending, failed]) expect(problemsOf('Delivery', deliveryJson(delivery))).toEqual([]);
  });

  test('a task', () => {
    const task: TaskView = {
      ref: { dag: dagId, task: 0 },
      taskName: 'a',
      type: 'API_CALL',
      status: 'RETRYING',
      dependencies: ['b'],
      priority: 5,
      tags: [],
      attempt: 1,
      maxRetries: 3,
      backoff: { type: 'fixed', initialMs: 1, factor: 1, maxMs: 1, jitter: 0 },
      timeoutSeconds: null,
      simulate: null,
      payload: '{"a":1}',
      workerId: null,
      createdAt: 0,
      queuedAt: 1,
      dispatchedAt: null,
      startedAt: null,
      completedAt: null,
      retryAt: 9,
      dueAt: 9,
      options: null,
      reason: { code: 'HELD', at: 8, by: 'ada', resumeAt: 9, approval: 'REQUIRED' },
      budgets: { deaths: 1 },
      losses: 2,
      result: null,
      error: { kind: 'TIMEOUT', message: 'late' },
      progress: 0.5,
      blockedMs: 0,
      queuedMs: 1,
      dispatchedMs: 0,
      runningMs: 3,
      retryWaitMs: 0,
    };
    expect(problemsOf('Task', taskJson(task))).toEqual([]);
    const attempt = { attempt: 1, dispatch: 1, worker: null, session: null, startedAt: null, endedAt: 3, error: task.error! };
    expect(problemsOf('TaskDetail', taskDetailJson(task, [attempt], '{"line":3}'))).toEqual([]);
    expect(JSON.parse(taskJson(task))).toMatchObject({
      payload: { a: 1 },
      result: null,
      timing: { current: 'retryWaitMs' },
      retryAt: '1970-01-01T00:00:00.009Z',
      reason: { code: 'HELD', by: 'ada', resumeAt: '1970-01-01T00:00:00.009Z', approval: 'REQUIRED' },
      budgets: { deaths: 1, losses: 2 },
    });
  });

  test('a worker', () => {
    const worker: LiveWorker = {
      workerId: 'w',
      session: 's',
      inbox: 0,
      host: 'h',
      port: 1,
      version: '1',
      region: 'r',
      tags: [],
      types: [],
      slots: 1,
      freeSlots: 1,
      held: 0,
      draining: true,
      lastHeartbeatAt: 0,
    };
    expect(problemsOf('Worker', workerJson(worker))).toEqual([]);
    expect(problemsOf('WorkerDetail', workerDetailJson(worker, []))).toEqual([]);
    expect(problemsOf('Worker', workerJson({ ...worker, perSlot: { API_CALL: 100 } }))).toEqual([]);
    const { draining, freeSlots, inbox, ...lost } = worker;
    expect([draining, freeSlots, inbox]).toEqual([true, 1, 0]);
    expect(problemsOf('Worker', workerJson(lost))).toEqual([]);
    expect(JSON.parse(workerJson(lost))).toMatchObject({ state: 'LOST', freeSlots: 0 });
  });
});
