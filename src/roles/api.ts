/** The HTTP side of a process that schedules, and of one that only works. */
import path from 'node:path';
import type { Config } from '../config';
import { bodySchemas } from '../control/schemas';
import { createApp } from '../edge/app';
import type { HttpServer } from '../edge/httpServer';
import { pageRoutes } from '../edge/pages';
import { createExpectedEnds } from '../observe/expectedEnds';
import { createFinals, createAwaitedDag } from '../observe/finals';
import type { createHealth } from '../observe/health';
import { takeCensus } from '../dispatch/queueSize';
import type { MetricsNeeds } from '../observe/metrics';
import { openApiDocument } from '../observe/openapi';
import { probeRoutes } from '../edge/probeRoutes';
import { gateListRoutes, limitRoutes, poolRoutes } from '../observe/routes/cluster';
import { dagRoutes } from '../observe/routes/dags';
import { docsRoutes } from '../observe/routes/docs';
import { historyRoutes, letterRoutes } from '../observe/routes/history';
import { inputRoutes, logRoutes, taskRoutes } from '../observe/routes/tasks';
import { createFollowers } from '../observe/taskLogs';
import type { Roster, WorkerControl } from '../ports/leases';
import type { Permits } from '../ports/permits';
import type { EventLog } from '../ports/transport';
import { submissionSchemas } from '../submit/schema';
import type { Engine } from './engine';
import { createControlApi } from './control';
import type { Live } from './live';
import type { ProcessLife } from './processLife';
import { metricsOf, serverOf, watchingOf } from './probes';
import type { Storage } from './storage';
import { planningOf, type Submissions } from './submissions';
import { createWorkersApi } from './workers';

type Routes = Parameters<typeof createApp>[0]['routers'][number];

export interface ApiNeeds extends Pick<
  Storage,
  | 'database'
  | 'store'
  | 'work'
  | 'commands'
  | 'views'
  | 'history'
  | 'letters'
  | 'letterStore'
  | 'removal'
  | 'gates'
  | 'limitStore'
  | 'taskLogs'
  | 'deliveryViews'
> {
  readonly config: Config;
  readonly life: ProcessLife;
  readonly engine: Engine;
  readonly log: Pick<EventLog, 'append'>;
  readonly roster: Roster;
  readonly permits: Permits;
  readonly control: WorkerControl;
  /** Of the duties: doctor, autoscaling, schedules, notifications. */
  readonly duties: readonly Routes[];
  readonly submissions: Submissions;
  readonly live: Pick<Live, 'routes' | 'stream'>;
  readonly health: ReturnType<typeof createHealth>;
  readonly targets: Routes;
  /** How far behind this process reads from Kafka. */
  readonly lags?: MetricsNeeds['lags'];
}

const shownDags = ({ views, engine, store, life: { clock, listen } }: ApiNeeds) =>
  dagRoutes({
    views,
    awaitedDag: createAwaitedDag({ views, clock, finals: createFinals({ listen, clock }) }),
    expectedEnd: createExpectedEnds({
      ...engine.learning,
      runOf: engine.advancer.runOf,
      store,
      clock,
      workers: () => engine.fleet.workers(),
    }),
  });

const shownTasks = ({ views, history, engine: { dispatcher, fleet }, life, gates, limitStore, permits }: ApiNeeds) =>
  taskRoutes({
    views: { ...views, ...history },
    workers: () => fleet.workers(),
    clock: life.clock,
    gates,
    limits: limitStore,
    permits,
    queue: { position: ({ dag, task }) => dispatcher.ready.position(dag, task), sentTo: ({ dag, task }) => dispatcher.holderOf(dag, task) },
  });

const shownLogs = ({ views, taskLogs, life: { clock }, config }: ApiNeeds) => {
  const both = { ...views, ...taskLogs };
  return { views: both, followers: createFollowers({ views: both, clock, most: config.taskLogs.followers }) };
};

const openApiOf = ({ version }: ProcessLife): ReturnType<typeof openApiDocument> =>
  openApiDocument({
    version,
    bodies: {
      ...submissionSchemas('#/components/schemas/'),
      ...bodySchemas({ task: { $ref: '#/components/schemas/TaskDto' }, dag: { $ref: '#/components/schemas/DagDto' } }),
    },
  });

/** What metrics ask a process that schedules. */
const scheduledIn = ({ engine, database, deliveryViews, lags, live, submissions: { backlog } }: ApiNeeds) => ({
  census: () => takeCensus(engine.dispatcher),
  dags: engine.advancer.statuses,
  shards: () => engine.advancer.owned().length,
  lags,
  workers: () => engine.fleet.workers(),
  openTasks: backlog.size,
  gates: () => engine.gates.list(),
  limits: () => engine.limits.list(),
  handOuts: () => engine.dispatcher.handOuts(),
  connections: database.use,
  streamClients: live.stream.clients,
  deliveriesWaiting: deliveryViews.waitingDeliveries,
});

const probesOf = (needs: ApiNeeds) => {
  const { config, life, engine, health } = needs;
  const ready = (): boolean => engine.advancer.owned().length > 0;
  return probeRoutes({ health, ready, metrics: metricsOf(config, life, { ...scheduledIn(needs), health }) });
};
/** `npm run build` puts the page beside the program. */
const PAGE_FOLDER = path.join(__dirname, '../web');

/** How long a request waits for its command's outcome. */
const OUTCOME_MS = 5000;

/** The API of a scheduler: submissions, views, probes, its own description. */
export const createApi = (needs: ApiNeeds): HttpServer => {
  const { config, life, engine, work, views, history, letters } = needs;
  const workers = () => engine.fleet.workers();
  const logs = shownLogs(needs);
  const nudging = (loop: { nudge(): void }) => (): void => {
    loop.nudge();
  };
  const routers = [
    needs.submissions.routes,
    shownDags(needs),
    shownTasks(needs),
    createControlApi({
      ...needs,
      limits: needs.limitStore,
      planning: planningOf(config),
      outcomeMs: OUTCOME_MS,
      workers,
      gatesChanged: nudging(engine.gates),
      limitsChanged: nudging(engine.limits),
    }),
    gateListRoutes({ gates: needs.gates, clock: life.clock }),
    limitRoutes({ limits: needs.limitStore, permits: needs.permits }),
    poolRoutes({ views, limits: needs.limitStore, gates: needs.gates, permits: needs.permits, clock: life.clock }),
    historyRoutes({ views: { ...views, ...history } }),
    letterRoutes({ views: letters }),
    logRoutes(logs),
    ...needs.duties,
    needs.live.routes,
    ...createWorkersApi({ ...needs, seen: workers, announce: life.announce, bodyBytes: config.limits.bodyBytes }),
    inputRoutes({ work }),
    needs.targets,
    probesOf(needs),
    docsRoutes({ openApi: openApiOf(life) }),
    pageRoutes({ folder: PAGE_FOLDER }),
  ];
  const server = serverOf(config, createApp({ routers, ...watchingOf(life) }));
  return {
    ...server,
    stop: async () => {
      // They would stay for ever: nobody waits for them.
      needs.live.stream.close();
      logs.followers.end();
      await server.stop();
      await needs.submissions.stop();
    },
  };
};
