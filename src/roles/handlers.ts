/** The handlers that a worker of this deployment runs. */
import type { Config } from '../config';
import type { Handlers } from '../execute/handler';
import { createSimulatedHandler } from '../execute/handlers/simulated';
import type { Limits } from '../execute/work';
import { pause } from '../lifecycle/timing';
import type { Clock } from '../ports/clock';
import type { WorkerDescription } from '../ports/leases';
import type { ProcessLife } from './processLife';
import { hostname } from 'node:os';

const sleepOn =
  (clock: Clock) =>
  async (ms: number, signal: AbortSignal): Promise<void> => {
    await pause(clock, ms, signal);
    if (signal.aborted) throw new Error('the execution was aborted');
  };

/** A simulated handler for each type that the worker takes. */
export const handlersOf = (config: Config, clock: Clock): Handlers => {
  const handler = createSimulatedHandler({ types: config.simulation.types, random: () => clock.random(), sleep: sleepOn(clock) });
  return new Map(config.worker.types.map((type) => [type, handler]));
};

/** The bounds of what a handler does here. */
export const boundsOf = ({ worker: { resultBytes, checkpointBytes, hardLimitGraceMs } }: Config): { limits: Limits; hardLimitGraceMs: number } => ({
  limits: { resultBytes, checkpointBytes },
  hardLimitGraceMs,
});

/** What the worker tells about itself. */
export const descriptionOf = (config: Config, { version }: Pick<ProcessLife, 'version'>, workerId: string, port: number): WorkerDescription => {
  const { types, concurrency, region, tags } = config.worker;
  return { workerId, host: hostname(), port, version, region, tags, types, slots: concurrency };
};

/** The first lease of a session may last this much longer than the others: its heartbeat has to start. */
const FIRST_LEASE_MS = 5000;

/** How long a worker waits for the lease of whoever held its id before. */
export const takeoverMsOf = ({ leases }: Config): number => leases.leaseMs + FIRST_LEASE_MS;
