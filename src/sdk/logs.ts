/** The logs of tasks, as typed calls: pages, and a stream that survives its connection. */
import { setTimeout as pause } from 'node:timers/promises';
import type { TaskStatus } from '../core/dag';
import type { LineLevel, LineStream } from '../core/logLine';
import { mayPass } from './errors';
import { eventsOf } from './eventStream';
import type { ApiRequest, RequestSettings } from './requests';
import type { Page } from './responses';

/** A line that a handler logged (`log`) or printed, or the word that some are missing here. */
export interface TaskLogLine {
  /** Where a reader goes on after it: `after` of a later call. */
  readonly id: string;
  readonly attempt: number;
  readonly worker: string;
  /** From 1 within the attempt. */
  readonly line: number;
  readonly time: string;
  readonly level: LineLevel;
  readonly stream: LineStream;
  readonly text: string;
  readonly fields: Readonly<Record<string, unknown>> | null;
  /** So many lines are missing here: what was too much was dropped. Null for a line. */
  readonly dropped: number | null;
}

export interface FollowLogsOptions {
  readonly attempt?: number;
  /** The id of a line: only what comes after it. */
  readonly after?: string;
  /** Only lines that hold this, in any case. */
  readonly search?: string;
  /** Ends it, also while the task says nothing. */
  readonly signal?: AbortSignal;
}

export interface LogsOptions extends Omit<FollowLogsOptions, 'signal'> {
  readonly limit?: number;
}

export interface LogCalls {
  /** Lines in the order in which they came, 500 unless `limit` says otherwise; `nextCursor` is the `after` of the next page. */
  logs(taskId: string, options?: LogsOptions): Promise<Page<TaskLogLine>>;
  /**
   * Lines as they come, until the task is final; returns its status then, null where it is gone or `signal` was aborted. A broken connection is
   * opened again, and goes on behind the last line.
   */
  followLogs(taskId: string, options?: FollowLogsOptions): AsyncGenerator<TaskLogLine, TaskStatus | null, void>;
}

const AGAIN_MS = 1000;

async function* follow(
  settings: RequestSettings,
  taskId: string,
  { after, signal = new AbortController().signal, ...query }: FollowLogsOptions,
): AsyncGenerator<TaskLogLine, TaskStatus | null, void> {
  const request = { path: `api/v1/tasks/${encodeURIComponent(taskId)}/logs`, query: { ...query, follow: 'true' }, signal };
  const isOver = (): boolean => signal.aborted;
  let lastEventId = after;
  for (let failed = 0; !isOver(); failed++) {
    try {
      for await (const { isComment, event, data = '' } of eventsOf(settings, { ...request, lastEventId })) {
        if (event === 'end') return (JSON.parse(data) as { status: TaskStatus | null }).status;
        // A task may be silent for hours: what has shown that it works has the same number of tries again.
        if (isComment || event === 'line') failed = 0;
        if (event !== 'line') continue;
        const line = JSON.parse(data) as TaskLogLine;
        lastEventId = line.id;
        yield line;
      }
    } catch (error) {
      if (isOver()) return null;
      if (failed >= settings.retries || !mayPass(error)) throw error;
    }
    await pause(AGAIN_MS, undefined, { signal }).catch(() => undefined);
  }
  return null;
}

/** The calls, over whatever sends requests. */
export const logCalls = (call: <T>(request: ApiRequest) => Promise<T>, settings: RequestSettings): LogCalls => ({
  logs: (taskId, options = {}) => call({ path: `api/v1/tasks/${encodeURIComponent(taskId)}/logs`, query: { ...options } }),
  followLogs: (taskId, options = {}) => follow(settings, taskId, options),
});
