/** The HTTP side of any process: its server, its probes and its metrics. A worker has nothing else, and loads nothing else. */
import type { Config } from '../config';
import type { Watching } from '../edge/answering';
import { createHttpServer, type HttpServer, type HttpServerNeeds } from '../edge/httpServer';
import { createHealth, type ComponentCheck } from '../observe/health';
import type { Teller } from '../observe/meters';
import { createMetrics, type Metrics, type MetricsNeeds } from '../observe/metrics';
import { createProbesApp, probesOf } from '../edge/probes';
import { FIRST_WORKER_PORT } from './liveness';
import type { ProcessLife } from './processLife';

const DRAIN_MS = 5000;

/** Who tells which metrics. */
const TELLERS: Readonly<Record<Config['role'], readonly Teller[]>> = {
  scheduler: ['process', 'scheduler', 'leader'],
  worker: ['process', 'worker'],
  standalone: ['process', 'scheduler', 'leader', 'worker'],
};

/** The metrics of a process, with what only its role can tell. */
export const metricsOf = (
  { role, worker, standalone }: Config,
  { listen, clock, version }: ProcessLife,
  more: Omit<MetricsNeeds, 'listen' | 'clock' | 'tellers' | 'process' | 'types' | 'slots'>,
): Metrics => {
  const slots = worker.concurrency * (role === 'standalone' ? standalone.workers : 1);
  return createMetrics({ listen, clock, tellers: new Set(TELLERS[role]), process: { role, version }, types: worker.types, slots, ...more });
};

export const unexpectedIn =
  ({ log }: ProcessLife) =>
  (error: unknown, requestId: string): void => {
    log.error({ error, requestId }, 'a request failed unexpectedly');
  };

/** What an app tells of its answers. */
export const watchingOf = (life: ProcessLife): Watching => ({
  answered: (what) => {
    life.announce('http.answered', what);
  },
  unexpected: unexpectedIn(life),
  monotonic: () => life.clock.monotonic(),
});

/** The server of a process, around the app of its role. */
export const serverOf = ({ server: { host, port } }: Config, app: HttpServerNeeds['app']): HttpServer =>
  createHttpServer({ app, host, port: port ?? { firstFreeFrom: FIRST_WORKER_PORT }, drainMs: DRAIN_MS });

export interface ProbesNeeds {
  readonly config: Config;
  readonly life: ProcessLife;
  readonly ready: () => boolean;
  readonly components: Readonly<Record<string, ComponentCheck>>;
  readonly lags: MetricsNeeds['lags'];
}

/** The HTTP side of a worker: probes and metrics. */
export const createProbes = ({ config, life, ready, components, lags }: ProbesNeeds): HttpServer => {
  const health = createHealth({ components, clock: life.clock });
  const probes = probesOf({ ready, health, metrics: metricsOf(config, life, { health, lags }) });
  return serverOf(config, createProbesApp(probes, watchingOf(life)));
};
