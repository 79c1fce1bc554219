/** The worker: takes work from its inbox, claims it, runs it and reports it. It needs no database. */
import type { Config } from '../config';
import { assembled, type Include } from '../lifecycle/assembled';
import type { Service } from '../lifecycle/service';
import { createProbes } from './probes';
import { publishRecords } from './deadLetters';
import { openLeases, openTransport } from './distributed';
import { createHands, type Hands } from './hands';
import { boundsOf, descriptionOf, openHandlers, takeoverMsOf } from './handlers';
import { openTracing } from './tracing';
import { createProcessLife, processId, type ProcessLife } from './processLife';

interface WorkerRole {
  readonly config: Config;
  readonly life: ProcessLife;
  readonly leave: (cause: string) => void;
}

const assemble = async ({ config, life, leave }: WorkerRole, include: Include, stopping: AbortSignal): Promise<void> => {
  const { clock, announce } = life;
  const tracing = await openTracing(config, life, include);
  const made: { hands?: Hands } = {};
  const { handlers, printed, service: places } = await openHandlers(config, clock);
  await include(places);
  const transport = await openTransport(config, life, include, stopping);
  publishRecords(life, transport.deadLetters);
  const leases = await openLeases(config, life, {
    include,
    stopping,
    onForgotten: () =>
      made.hands?.worker.reassert().catch((error: unknown) => {
        announce('loop.failed', { loop: 'reassert', error });
        throw error;
      }),
  });
  const probes = await include(
    createProbes({
      config,
      life,
      ready: () => made.hands?.worker.isReady() ?? false,
      components: {
        kafka: { needed: true, check: () => transport.log.ping() },
        redis: { needed: true, check: () => leases.roster.ping() },
      },
      lags: transport.lags,
    }),
  );
  const hands = (made.hands = createHands({
    ...transport,
    sessions: leases.sessions,
    claims: leases.claims,
    clock,
    announce,
    tracing,
    heard: life.heard,
    shards: config.scheduler.shards,
    drainMs: config.worker.drainMs,
    takeoverMs: takeoverMsOf(config),
    ...boundsOf(config),
    endProcess: (why) => {
      life.log.fatal(why);
      process.exit(1);
    },
    leave,
    description: descriptionOf(config, life, life.id, probes.port() ?? 0),
    handlers,
    printed,
  }));
  await include(hands.service);
  life.log.info(
    { port: probes.port(), workerId: life.id, slots: config.worker.concurrency },
    `worker ${life.id} is ready, its health on http://localhost:${String(probes.port())}`,
  );
};

/** The worker role. `leave` stops the process, as a signal would. */
export const createWorker = (config: Config, leave: (cause: string) => void): Service => {
  const life = createProcessLife(config, config.worker.id ?? processId('worker'));
  return assembled('worker', (include, stopping) => assemble({ config, life, leave }, include, stopping));
};
