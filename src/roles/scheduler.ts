/** The scheduler: takes submissions, owns shards, sends work out through Kafka and hears of it there. */
import { hostname } from 'node:os';
import { createLoad } from '../adapters/system/load';
import type { Config } from '../config';
import { assembled, resource, type Include } from '../lifecycle/assembled';
import type { Service } from '../lifecycle/service';
import { createHealth } from '../observe/health';
import { createKeeper } from '../logs/keeper';
import { createWrites } from '../observe/writes';
import { createApi } from './api';
import type { OwnProgram } from './autoscaling';
import { createDuties } from './duties';
import { openLeases, openTransport } from './distributed';
import { createEngine, type Engine } from './engine';
import { createLive } from './live';
import { createWantedEnds } from './notifications';
import { engineSettingsOf } from './engineNeeds';
import { createProcessLife, processId, type ProcessLife } from './processLife';
import { openStorage } from './storage';
import { createSubmissions } from './submissions';
import { createTargetsApi } from './targets';
import { openTracing } from './tracing';

interface SchedulerRole {
  readonly config: Config;
  readonly life: ProcessLife;
  readonly program: OwnProgram | undefined;
}

interface Checked {
  readonly database: { ping(): Promise<void> };
  readonly writes: { check(): void };
  readonly log: { ping(): Promise<void> };
  readonly roster: { ping(): Promise<void> };
}

const checksOf = ({ database, writes, log, roster }: Checked) => ({
  postgres: { needed: true, check: () => database.ping().then(writes.check) },
  kafka: { needed: true, check: () => log.ping() },
  redis: { needed: true, check: () => roster.ping() },
});

const assemble = async ({ config, life, program }: SchedulerRole, include: Include, stopping: AbortSignal): Promise<void> => {
  const { clock, announce } = life;
  const tracing = await openTracing(config, life, include);
  const storage = await openStorage(config, config.database.url, life, stopping);
  await include(resource('database connections', () => storage.database.close()));
  const transport = await openTransport(config, life, include, stopping);
  const leases = await openLeases(config, life, { include, stopping, onForgotten: () => undefined });
  const { roster, permits, control } = leases;
  const origin = (): string => config.server.advertisedUrl ?? `http://${hostname()}:${String(api.port() ?? 0)}`;
  const writes = createWrites({ listen: life.listen, clock });
  const health = createHealth({ components: checksOf({ ...storage, writes, log: transport.log, roster }), clock });
  const live = createLive({ life, ...storage, leases, health, engine: () => engine });
  const wanted = createWantedEnds(life, storage);
  const engine: Engine = createEngine({
    ...storage,
    store: wanted.watched(live.store),
    ...transport,
    ...leases,
    scheduler: life.id,
    clock,
    announce,
    tracing,
    durableTransport: true,
    load: createLoad(),
    origin,
    settings: engineSettingsOf(config),
  });
  const own = { config, life, engine };
  const changed = { store: { ...live.store, admit: writes.watched(live.store.admit) }, removal: live.removal, expiry: live.expiry };
  const submissions = createSubmissions({ ...own, tracing, ...storage, ...changed });
  const duties = createDuties({
    ...own,
    storage,
    ...changed,
    leases,
    submissions,
    topic: transport.deadLetters,
    log: transport.log,
    origin,
    wanted,
    program,
  });
  const targets = createTargetsApi({ config, life, schedulers: leases.schedulers, roster, port: () => api.port() });
  const shown = { roster, permits, control, live, health, duties: duties.routes, targets: targets.routes };
  const api = createApi({ ...own, submissions, ...storage, ...shown, ...transport, ...changed });
  const owned = () => engine.advancer.owned().map(({ shard }) => shard);
  const keeper = createKeeper({ feed: transport.logFeed, store: storage.taskLogStore, owned, attemptBytes: config.taskLogs.attemptBytes, ...life });
  for (const service of [engine.service, duties.service, live.service, keeper, api, targets.service]) await include(service);
  life.log.info({ port: api.port(), id: life.id }, `scheduler is ready on http://localhost:${String(api.port())}`);
};

/** The scheduler role. `program` starts workers beside it. */
export const createScheduler = (config: Config, _leave?: (cause: string) => void, program?: OwnProgram): Service => {
  const life = createProcessLife(config, config.scheduler.id ?? processId('scheduler'));
  return assembled('scheduler', (include, stopping) => assemble({ config, life, program }, include, stopping));
};
