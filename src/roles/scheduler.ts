/** The scheduler: takes submissions, owns shards, sends work out through Kafka and hears of it there. */
import { hostname } from 'node:os';
import { createLoad } from '../adapters/system/load';
import type { Config } from '../config';
import { assembled, resource, type Include } from '../lifecycle/assembled';
import type { Service } from '../lifecycle/service';
import { createWrites } from '../observe/writes';
import { createApi } from './api';
import type { OwnProgram } from './autoscaling';
import { createDuties } from './duties';
import { openLeases, openTransport } from './distributed';
import { createEngine } from './engine';
import { createProcessLife, processId, type ProcessLife } from './processLife';
import { openStorage } from './storage';

interface SchedulerRole {
  readonly config: Config;
  readonly life: ProcessLife;
  readonly program: OwnProgram | undefined;
}

const assemble = async ({ config, life, program }: SchedulerRole, include: Include, stopping: AbortSignal): Promise<void> => {
  const { clock, announce } = life;
  const storage = await openStorage(config, config.database.url, life, stopping);
  await include(resource('database connections', () => storage.database.close()));
  const transport = await openTransport(config, life, include, stopping);
  const leases = await openLeases(config, life, { include, stopping, onForgotten: () => undefined });
  const { roster, claims, ledger, permits, precedence } = leases;
  const origin = (): string => config.server.advertisedUrl ?? `http://${hostname()}:${String(api.port() ?? 0)}`;
  const engine = createEngine({
    ...storage,
    ...transport,
    roster,
    claims,
    ledger,
    permits,
    precedence,
    scheduler: life.id,
    clock,
    announce,
    durableTransport: true,
    load: createLoad(),
    origin,
    settings: { ...config.scheduler, breaker: config.breaker, prefetch: config.worker.prefetch, sessionLeaseMs: config.leases.leaseMs },
  });
  const duties = createDuties({ config, life, storage, leases, engine, topic: transport.deadLetters, log: transport.log, origin, program });
  const writes = createWrites({ listen: life.listen, clock });
  const components = {
    postgres: { needed: true, check: () => storage.database.ping().then(writes.check) },
    kafka: { needed: true, check: () => transport.log.ping() },
    redis: { needed: true, check: () => roster.ping() },
  };
  const store = { ...storage.store, admit: writes.watched(storage.store.admit) };
  const shown = { roster, permits, control: leases.control, doctor: duties.doctor, autoscaling: duties.autoscaling };
  const api = createApi({ config, life, engine, ...storage, ...shown, store, log: transport.log, components });
  await include(engine.service);
  await include(duties.service);
  await include(api);
  life.log.info({ port: api.port(), id: life.id }, `scheduler is ready on http://localhost:${String(api.port())}`);
};

/** The scheduler role. `program` starts workers beside it. */
export const createScheduler = (config: Config, _leave?: (cause: string) => void, program?: OwnProgram): Service => {
  const life = createProcessLife(config, config.scheduler.id ?? processId('scheduler'));
  return assembled('scheduler', (include, stopping) => assemble({ config, life, program }, include, stopping));
};
