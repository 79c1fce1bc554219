/** What every process has, whatever its role: announcements, a log, metrics, an identity. */
import { hostname } from 'node:os';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import type { Config } from '../config';
import { systemClock } from '../adapters/system/clock';
import { isFailure } from '../core/failure';
import type { TaskLogger } from '../core/handler';
import type { Held } from '../execute/prefetch';
import { awaiting } from '../lifecycle/awaiting';
import { createEmitter } from '../lifecycle/emitter';
import { taskIdOf } from '../core/ids';
import { createLog, logHappenings, type Logger } from '../observe/logging';
import type { Clock } from '../ports/clock';
import type { Announce, Happenings, Listen } from '../ports/happenings';

export interface ProcessLife {
  readonly id: string;
  readonly version: string;
  readonly clock: Clock;
  readonly log: Logger;
  readonly announce: Announce;
  readonly listen: Listen;
  /** The log of one attempt. */
  readonly taskLogger: (held: Held) => TaskLogger;
  /** Waits for a service that isn't there yet, telling the log what it waits for. */
  waitFor<T>(what: { name: string; address: string; stopping: AbortSignal }, attempt: () => Promise<T>): Promise<T>;
}

export const versionOfPackage = (): string =>
  (JSON.parse(readFileSync(path.resolve(__dirname, '../../package.json'), 'utf8')) as { version: string }).version;

/** An id that no other process has: of the host and the process. */
export const processId = (prefix: string): string => `${prefix}-${hostname()}-${String(process.pid)}`;

const taskLoggerOf =
  (log: Logger) =>
  ({ dispatch, fence }: Held): TaskLogger => {
    let bound: Logger | undefined;
    // Made when first used: most handlers log nothing.
    const own = (): Logger =>
      (bound ??= log.child({
        dagId: dispatch.dag,
        taskId: taskIdOf(dispatch.dag, dispatch.task),
        task: dispatch.name,
        attempt: dispatch.attempt,
        fence,
      }));
    return {
      info: (message, details) => {
        own().info({ ...details }, message);
      },
      warn: (message, details) => {
        own().warn({ ...details }, message);
      },
      error: (message, details) => {
        own().error({ ...details }, message);
      },
    };
  };

/** Makes the life of one process. */
export const createProcessLife = (config: Config, id: string): ProcessLife => {
  const clock = systemClock;
  const log = createLog({ level: config.log.level, role: config.role, id });
  const { announce, listen } = createEmitter<Happenings>((name, error) => {
    log.error({ event: name, error }, 'a listener failed');
  });
  logHappenings(log, listen, clock);
  return {
    id,
    version: versionOfPackage(),
    clock,
    log,
    announce,
    listen,
    taskLogger: taskLoggerOf(log),
    waitFor: ({ name, address, stopping }, attempt) =>
      awaiting(
        {
          name,
          address,
          clock,
          stopping,
          timeoutMs: config.scheduler.startupTimeoutMs,
          isAbsence: (error) =>
            isFailure(error, 'STORE_UNAVAILABLE') || isFailure(error, 'BROKER_UNAVAILABLE') || isFailure(error, 'LEASES_UNAVAILABLE'),
          waiting: (error) => {
            announce('dependency.waiting', { name, address, error });
          },
          ready: () => {
            announce('dependency.ready', { name });
          },
        },
        attempt,
      ),
  };
};
