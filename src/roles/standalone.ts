/** Everything in one process: a real PostgreSQL of its own, and a transport and leases in memory. */
import { createMemoryBroker } from '../adapters/memory/broker';
import { createMemoryDeadLetters } from '../adapters/memory/deadLetters';
import { createMemoryLeases } from '../adapters/memory/leases';
import { createEmbeddedPostgres } from '../adapters/postgres/embedded';
import type { Config } from '../config';
import { assembled, resource, type Include } from '../lifecycle/assembled';
import type { Service } from '../lifecycle/service';
import { createHealth } from '../observe/health';
import type { AppendLogs } from '../ports/taskLogs';
import { createApi } from './api';
import { createDuties } from './duties';
import { createEngine, type Engine } from './engine';
import { engineSettingsOf } from './engineNeeds';
import { createHands, type Hands } from './hands';
import { createLive } from './live';
import { createWantedEnds } from './notifications';
import { boundsOf, descriptionOf, openHandlers, takeoverMsOf } from './handlers';
import { createProcessLife, type ProcessLife } from './processLife';
import { openStorage, type Storage } from './storage';
import { createSubmissions } from './submissions';
import { createTargetsApi } from './targets';
import { openTracing } from './tracing';

const startDatabase = async (config: Config, { log }: ProcessLife, include: Include): Promise<string> => {
  const { dataDir, databasePort } = config.standalone;
  const postgres = await include(
    createEmbeddedPostgres({
      dataDir,
      ...(databasePort === null ? {} : { port: databasePort }),
      log: (sentence) => {
        log.info(sentence);
      },
    }),
  );
  return postgres.url;
};

const createWorkers = (
  config: Config,
  life: ProcessLife,
  parts: Pick<Parameters<typeof createHands>[0], 'sessions' | 'claims' | 'log' | 'queue' | 'handlers' | 'printed' | 'appendLogs' | 'tracing'>,
): Hands[] =>
  Array.from({ length: config.standalone.workers }, (_, i) => {
    const hands: Hands = createHands({
      ...parts,
      clock: life.clock,
      announce: life.announce,
      heard: life.heard,
      shards: config.scheduler.shards,
      drainMs: config.worker.drainMs,
      takeoverMs: takeoverMsOf(config),
      ...boundsOf(config),
      description: descriptionOf(config, life, `worker-${String(i + 1)}`, config.server.port ?? 0),
      // The process goes on: it is the scheduler, too.
      leave: () => {
        hands.service.stop().catch((error: unknown) => {
          life.announce('loop.failed', { loop: 'worker', error });
        });
      },
    });
    return hands;
  });

/** What takes the places of Kafka and Redis. */
const createServices = (config: Config, { clock, announce }: ProcessLife, workers: () => readonly Hands[]) => {
  const failedIn = (loop: string) => (error: unknown) => {
    announce('loop.failed', { loop, error });
  };
  const broker = createMemoryBroker({ clock, shards: config.scheduler.shards, onError: failedIn('transport') });
  const leases = createMemoryLeases({
    clock,
    ...config.leases,
    onForgotten: () => {
      for (const { worker } of workers()) worker.reassert().catch(failedIn('reassert'));
    },
  });
  return { log: broker.eventLog, queue: broker.workQueue, leases };
};

const assemble = async (config: Config, life: ProcessLife, include: Include, stopping: AbortSignal): Promise<void> => {
  const { clock, announce } = life;
  const tracing = await openTracing(config, life, include);
  const { handlers, printed, service: places } = await openHandlers(config, clock, config.standalone.workers);
  await include(places);
  const url = await startDatabase(config, life, include);
  const storage: Storage = await openStorage(config, url, life, stopping);
  await include(resource('database connections', () => storage.database.close()));
  const { log, queue, leases } = createServices(config, life, () => workers);
  const origin = (): string => `http://127.0.0.1:${String(api.port() ?? 0)}`;
  const health = createHealth({ components: { postgres: { needed: true, check: () => storage.database.ping() } }, clock });
  const live = createLive({ life, ...storage, leases, health, engine: () => engine });
  const wanted = createWantedEnds(life, storage);
  const engine: Engine = createEngine({
    ...storage,
    store: wanted.watched(live.store),
    log,
    queue,
    ...leases,
    scheduler: life.id,
    clock,
    announce,
    tracing,
    durableTransport: false,
    origin,
    settings: engineSettingsOf(config),
  });
  const own = { config, life, engine, log };
  const changed = { store: live.store, removal: live.removal, expiry: live.expiry };
  const submissions = createSubmissions({ ...own, tracing, ...storage, ...changed });
  const duties = createDuties({ ...own, storage, ...changed, leases, submissions, topic: createMemoryDeadLetters(), origin, wanted });
  const targets = createTargetsApi({ config, life, schedulers: leases.schedulers, port: () => api.port() });
  const { roster, permits, control } = leases;
  const shown = { roster, permits, control, live, health, duties: duties.routes, targets: targets.routes };
  const api = createApi({ ...own, submissions, ...storage, ...shown, ...changed });
  const appendLogs: AppendLogs = (chunks) => storage.taskLogStore.keep(chunks, config.taskLogs.attemptBytes);
  const workers = createWorkers(config, life, { ...leases, log, queue, handlers, printed, appendLogs, tracing });
  await include(engine.service);
  await include(duties.service);
  for (const { service } of workers) await include(service);
  await include(live.service);
  await include(api);
  await include(targets.service);
  life.log.info(
    { port: api.port(), workers: workers.length, slots: config.worker.concurrency },
    `standalone is ready on http://localhost:${String(api.port())}`,
  );
};

/** The standalone role. */
export const createStandalone = (config: Config): Service => {
  const life = createProcessLife(config, config.scheduler.id ?? 'standalone');
  return assembled('standalone', (include, stopping) => assemble(config, life, include, stopping));
};
