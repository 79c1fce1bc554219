/** What every process has, whatever its role: announcements, a log, metrics, an identity. */
import { hostname } from 'node:os';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import type { Config } from '../config';
import { systemClock } from '../adapters/system/clock';
import { isFailure } from '../core/failure';
import type { LogLine } from '../core/logLine';
import { redactionOf } from '../core/redact';
import type { Held } from '../execute/prefetch';
import { awaiting } from '../lifecycle/awaiting';
import { createEmitter } from '../lifecycle/emitter';
import { taskIdOf } from '../core/ids';
import { inTrace } from '../core/trace';
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
  /** Writes what a task says into this log, too. */
  readonly heard: (held: Held, line: LogLine, worker: string) => void;
  /** Waits for a service that isn't there yet, telling the log what it waits for. */
  waitFor<T>(what: { name: string; address: string; stopping: AbortSignal }, attempt: () => Promise<T>): Promise<T>;
}

export const versionOfPackage = (): string =>
  (JSON.parse(readFileSync(path.resolve(__dirname, '../../package.json'), 'utf8')) as { version: string }).version;

/** An id that no other process has: of the host and the process. */
export const processId = (prefix: string): string => `${prefix}-${hostname()}-${String(process.pid)}`;

/** What handlers log themselves has its level here, what they print is for whoever looks closely: all of it is kept with the task. */
const heardIn =
  (log: Logger): ProcessLife['heard'] =>
  ({ dispatch, fence }, { level: own, stream, text, fields }, worker) => {
    const level = stream === 'log' ? own : 'debug';
    if (!log.isLevelEnabled(level)) return;
    const about = {
      dagId: dispatch.dag,
      taskId: taskIdOf(dispatch.dag, dispatch.copyOf ?? dispatch.task),
      task: dispatch.name,
      attempt: dispatch.attempt,
      worker,
      fence,
      stream,
      ...inTrace(dispatch.trace),
    };
    log[level]({ ...(fields !== null && { fields: JSON.parse(fields) as unknown }), ...about }, text);
  };

/** Makes the life of one process. */
export const createProcessLife = (config: Config, id: string): ProcessLife => {
  const clock = systemClock;
  const log = createLog({ level: config.log.level, role: config.role, id, redaction: redactionOf(config.log.redact) });
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
    heard: heardIn(log),
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
