/** The HTTP side of a process that schedules, and of one that only works. */
import type { Config } from '../config';
import { BUILT_IN_TASK_TYPES } from '../core/dag';
import { bodySchemas } from '../control/schemas';
import { createApp } from '../edge/app';
import { createHttpServer, type HttpServer } from '../edge/httpServer';
import { createFinals, createAwaitedDag } from '../observe/finals';
import { createHealth, type ComponentCheck } from '../observe/health';
import { createMetrics, type MetricsNeeds } from '../observe/metrics';
import { openApiDocument } from '../observe/openapi';
import { dagJson } from '../observe/present';
import {
  dagRoutes,
  docsRoutes,
  gateListRoutes,
  historyRoutes,
  inputRoutes,
  letterRoutes,
  limitRoutes,
  probeRoutes,
  taskRoutes,
} from '../observe/routes';
import type { Roster, WorkerControl } from '../ports/leases';
import type { Permits } from '../ports/permits';
import type { EventLog } from '../ports/transport';
import { submitRoutes } from '../submit/routes';
import { submissionSchemas } from '../submit/schema';
import { createLargeReader, type LargeReader } from '../submit/large';
import { planSettings, type PlanningNeeds } from '../submit/planning';
import { createBacklog, type Backlog } from '../submit/backlog';
import { createSubmitter } from '../submit/submitter';
import type { Engine } from './engine';
import { createControlApi } from './control';
import type { ProcessLife } from './processLife';
import { FIRST_WORKER_PORT } from './liveness';
import type { Storage } from './storage';
import { createWorkersApi } from './workers';

export interface ApiNeeds extends Pick<
  Storage,
  'store' | 'work' | 'commands' | 'views' | 'history' | 'letters' | 'letterStore' | 'removal' | 'gates' | 'limitStore'
> {
  readonly config: Config;
  readonly life: ProcessLife;
  readonly engine: Engine;
  readonly log: Pick<EventLog, 'append'>;
  readonly roster: Roster;
  readonly permits: Permits;
  readonly control: WorkerControl;
  readonly doctor: Parameters<typeof createApp>[0]['routers'][number];
  readonly autoscaling: ApiNeeds['doctor'];
  readonly components: Readonly<Record<string, ComponentCheck>>;
}

const DRAIN_MS = 5000;

const metricsOf = (
  { listen, clock }: ProcessLife,
  more: Pick<MetricsNeeds, 'queue' | 'workers' | 'openTasks' | 'gates' | 'limits'>,
  types: readonly string[],
) => createMetrics({ listen, clock, types, ...more });

const unexpectedIn =
  ({ log }: ProcessLife) =>
  (error: unknown, requestId: string): void => {
    log.error({ error, requestId }, 'a request failed unexpectedly');
  };

const serverOf = (config: Config, life: ProcessLife, routers: Parameters<typeof createApp>[0]['routers']): HttpServer => {
  const app = createApp({
    routers,
    answered: (what) => {
      life.announce('http.answered', what);
    },
    unexpected: unexpectedIn(life),
    monotonic: () => life.clock.monotonic(),
  });
  return createHttpServer({ app, host: config.server.host, port: config.server.port ?? { firstFreeFrom: FIRST_WORKER_PORT }, drainMs: DRAIN_MS });
};

const planningOf = (config: Config): PlanningNeeds => ({
  types: [...new Set([...BUILT_IN_TASK_TYPES, ...config.worker.types])],
  retry: config.retries,
  limits: config.limits,
});

const submitterOf = ({ config, life, engine, store, views }: ApiNeeds, backlog: Backlog, large: LargeReader) => {
  const all = Array.from({ length: config.scheduler.shards }, (_, shard) => shard);
  return createSubmitter({
    store,
    views,
    clock: life.clock,
    announce: life.announce,
    pendingSubmissions: config.limits.pendingSubmissions,
    submissionWaitMs: config.limits.submissionWaitMs,
    backlog,
    shards: () => {
      // Whose leases may be over is as one that owns none: the owner finds what is placed in its shards.
      const owned = engine.isLive() ? engine.advancer.owned().map(({ shard }) => shard) : [];
      return owned.length > 0 ? owned : all;
    },
    ...planningOf(config),
    large,
    admitted: (dag) => {
      engine.advancer.admit(dag);
    },
  });
};

const submissionsOf = (needs: ApiNeeds, backlog: Backlog, large: LargeReader) =>
  submitRoutes({
    submitter: submitterOf(needs, backlog, large),
    bodyBytes: needs.config.limits.bodyBytes,
    present: dagJson,
    unexpected: unexpectedIn(needs.life),
  });

const openApiOf = ({ version }: ProcessLife): ReturnType<typeof openApiDocument> =>
  openApiDocument({ version, bodies: { ...submissionSchemas('#/components/schemas/'), ...bodySchemas({ $ref: '#/components/schemas/TaskDto' }) } });

/** How long a request waits for its command's outcome. */
const OUTCOME_MS = 5000;

/** The API of a scheduler: submissions, views, probes, its own description. */
export const createApi = (needs: ApiNeeds): HttpServer => {
  const { config, life, engine, work, views, history, letters } = needs;
  const { clock, listen } = life;
  const workers = () => engine.fleet.workers();
  const queue = engine.dispatcher.ready;
  const backlog = createBacklog({ count: () => engine.advancer.openTasks(), limit: config.limits.openTasks, ...life });
  const large = createLargeReader({ settings: planSettings(planningOf(config)), clock });
  const nudging = (loop: { nudge(): void }) => (): void => {
    loop.nudge();
  };
  const scheduled = { queue, workers, openTasks: backlog.size, gates: () => engine.gates.list(), limits: () => engine.limits.list() };
  const server = serverOf(config, life, [
    submissionsOf(needs, backlog, large),
    dagRoutes({ views, awaitedDag: createAwaitedDag({ views, clock, finals: createFinals({ listen, clock }) }) }),
    taskRoutes({
      views: { ...views, ...history },
      workers,
      clock,
      gates: needs.gates,
      limits: needs.limitStore,
      permits: needs.permits,
      queue: { position: ({ dag, task }) => queue.position(dag, task), sentTo: ({ dag, task }) => engine.dispatcher.holderOf(dag, task) },
    }),
    createControlApi({
      ...needs,
      limits: needs.limitStore,
      planning: planningOf(config),
      outcomeMs: OUTCOME_MS,
      workers,
      gatesChanged: nudging(engine.gates),
      limitsChanged: nudging(engine.limits),
    }),
    gateListRoutes({ gates: needs.gates, clock }),
    limitRoutes({ limits: needs.limitStore, permits: needs.permits }),
    historyRoutes({ views: { ...views, ...history } }),
    letterRoutes({ views: letters }),
    needs.doctor,
    needs.autoscaling,
    ...createWorkersApi({ ...needs, seen: workers, announce: life.announce, bodyBytes: config.limits.bodyBytes }),
    inputRoutes({ work }),
    probeRoutes({
      health: createHealth({ components: needs.components, clock }),
      ready: () => engine.advancer.owned().length > 0,
      metrics: metricsOf(life, scheduled, config.worker.types),
    }),
    docsRoutes({ openApi: openApiOf(life) }),
  ]);
  return {
    ...server,
    stop: async () => {
      await server.stop();
      await large.stop();
    },
  };
};

export interface ProbesNeeds {
  readonly config: Config;
  readonly life: ProcessLife;
  readonly ready: () => boolean;
  readonly components: Readonly<Record<string, ComponentCheck>>;
}

/** The HTTP side of a worker: probes and metrics. */
export const createProbes = ({ config, life, ready, components }: ProbesNeeds): HttpServer =>
  serverOf(config, life, [
    probeRoutes({ ready, health: createHealth({ components, clock: life.clock }), metrics: metricsOf(life, {}, config.worker.types) }),
  ]);
