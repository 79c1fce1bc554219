/** The handlers that a worker of this deployment runs. */
import type { Config } from '../config';
import type { HandlerConfig } from '../config/shape';
import { createSimulatedHandler } from '../execute/handlers/simulated';
import { redactionOf } from '../core/redact';
import { createPool, type Pool } from '../execute/isolation/pool';
import { processRoom, threadRoom } from '../execute/isolation/rooms';
import { fileOfModule, loadHandler } from '../execute/loadHandler';
import { lookAfterOutput, type Printed } from '../execute/printed';
import type { Runnable, Runnables } from '../execute/work';
import { resource } from '../lifecycle/assembled';
import type { Service } from '../lifecycle/service';
import { pause, within } from '../lifecycle/timing';
import type { Clock } from '../ports/clock';
import type { WorkerDescription } from '../ports/leases';
import { placeOf } from './place';
import type { ProcessLife } from './processLife';

const sleepOn =
  (clock: Clock) =>
  async (ms: number, signal: AbortSignal): Promise<void> => {
    await pause(clock, ms, signal);
    if (signal.aborted) throw new Error('the execution was aborted');
  };

const toOwnOutput = (stream: 'stdout' | 'stderr', text: string): void => void process[stream].write(text);

/** The longest that a user's module may take to load. */
const LOAD_MS = 30_000;

const loadInto = async (pool: Pool, { module, isolation, heapMb }: HandlerConfig, defaultHeapMb: number): Promise<Runnable> => {
  const file = fileOfModule(module, process.cwd());
  if (isolation === 'none') return loadHandler(file);
  const open = (isolation === 'thread' ? threadRoom : processRoom)({ file, heapMb: heapMb ?? defaultHeapMb, onOutput: toOwnOutput });
  return pool.isolated(open, await pool.warm(open));
};

const openHandler = (pool: Pool, handler: HandlerConfig, { worker, clock }: { worker: Config['worker']; clock: Clock }) =>
  within(clock, LOAD_MS, loadInto(pool, handler, worker.isolatedHeapMb), () => new Error(`it took longer than ${String(LOAD_MS / 1000)} s`)).catch(
    (error: unknown) => {
      const why = error instanceof Error ? error.message : String(error);
      throw new Error(`worker.handlers: the handler of ${handler.type} can't be loaded from ${handler.module}: ${why}`);
    },
  );

/** Only where a user's handler runs on the main loop: it costs every promise there. */
const printedOf = (handlers: readonly HandlerConfig[]): ReadonlyMap<string, Printed> => {
  const types = handlers.filter(({ isolation }) => isolation === 'none').map(({ type }) => type);
  if (types.length === 0) return new Map();
  const printed = lookAfterOutput();
  return new Map(types.map((type) => [type, printed]));
};

export interface OpenHandlers {
  readonly handlers: Runnables;
  /** Those that run on the main loop. */
  readonly printed: ReadonlyMap<string, Printed>;
  /** Ends their threads and processes. */
  readonly service: Service;
}

/**
 * Users' own handlers, loaded, and a simulated one for each other type, for `workers` workers of this process. Rejects where a
 * module can't be loaded.
 */
export const openHandlers = async (config: Config, clock: Clock, workers = 1): Promise<OpenHandlers> => {
  const simulated = createSimulatedHandler({ types: config.simulation.types, random: () => clock.random(), sleep: sleepOn(clock) });
  const pool = createPool({ places: workers * config.worker.concurrency });
  const handlers = new Map<string, Runnable>(config.worker.types.map((type) => [type, simulated]));
  try {
    for (const handler of config.worker.handlers) handlers.set(handler.type, await openHandler(pool, handler, { worker: config.worker, clock }));
  } catch (error) {
    await pool.close();
    throw error;
  }
  return { handlers, printed: printedOf(config.worker.handlers), service: resource('handlers', () => pool.close()) };
};

/** The bounds of what a handler does here. */
export const boundsOf = ({ worker: { resultBytes, checkpointBytes, hardLimitGraceMs }, fairness: { ageingMs }, taskLogs, log }: Config) => ({
  limits: { resultBytes, checkpointBytes },
  hardLimitGraceMs,
  ageingMs,
  logBounds: taskLogs,
  redaction: redactionOf(log.redact),
});

/** What the worker tells about itself. */
export const descriptionOf = (config: Config, { version }: Pick<ProcessLife, 'version'>, workerId: string, port: number): WorkerDescription => {
  const { types, concurrency, region, tags } = config.worker;
  return { workerId, ...placeOf(config, port), version, region, tags, types, slots: concurrency };
};

/** The first lease of a session may last this much longer than the others: its heartbeat has to start. */
const FIRST_LEASE_MS = 5000;

/** How long a worker waits for the lease of whoever held its id before. */
export const takeoverMsOf = ({ leases }: Config): number => leases.leaseMs + FIRST_LEASE_MS;
