/** The logs of tasks, as typed calls: pages, and a stream that survives its connection. */
import { setTimeout as pause } from 'node:timers/promises';
import type { TaskStatus } from '../core/dag';
import type { LineLevel, LineStream } from '../core/logLine';
import { apiError, isApiError, isUnreachable, unreachableError } from './errors';
import { addressOf, problemOf, type ApiRequest, type RequestSettings } from './requests';
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
}

export interface LogsOptions extends FollowLogsOptions {
  readonly limit?: number;
}

export interface LogCalls {
  /** Lines in the order in which they came, 500 unless `limit` says otherwise; `nextCursor` is the `after` of the next page. */
  logs(taskId: string, options?: LogsOptions): Promise<Page<TaskLogLine>>;
  /**
   * Lines as they come, until the task is final; returns its status then, null where it is gone. A broken connection is opened again, and goes on
   * behind the last line.
   */
  followLogs(taskId: string, options?: FollowLogsOptions): AsyncGenerator<TaskLogLine, TaskStatus | null, void>;
}

interface StreamEvent {
  readonly event: string;
  readonly data: string;
}

const FIELD = /^(event|data): ?(.*)$/;

const parsed = (block: string): StreamEvent => {
  const fields = new Map(block.split('\n').flatMap((line) => [FIELD.exec(line)].flatMap((match) => (match ? [[match[1], match[2]] as const] : []))));
  return { event: fields.get('event') ?? '', data: fields.get('data') ?? '' };
};

/** The events of an open stream; a comment is an event without a name. */
async function* eventsOf(body: AsyncIterable<Uint8Array>): AsyncGenerator<StreamEvent> {
  const decoder = new TextDecoder();
  let rest = '';
  for await (const bytes of body) {
    const blocks = (rest + decoder.decode(bytes, { stream: true })).split('\n\n');
    rest = blocks.pop() ?? '';
    for (const block of blocks) yield parsed(block);
  }
}

const AGAIN_MS = 1000;

const open = async (settings: RequestSettings, taskId: string, { after, ...query }: FollowLogsOptions): Promise<AsyncIterable<Uint8Array>> => {
  const path = `api/v1/tasks/${encodeURIComponent(taskId)}/logs`;
  const headers = { accept: 'text/event-stream', ...(after !== undefined && { 'last-event-id': after }) };
  let answer: Response;
  try {
    answer = await fetch(addressOf(settings.url, { path, query: { ...query, follow: 'true' } }), { headers });
  } catch (error) {
    throw unreachableError(settings.url, error);
  }
  if (!answer.ok) throw apiError(answer.status, problemOf(await answer.text()));
  return (answer.body ?? []) as AsyncIterable<Uint8Array>;
};

const mayPass = (error: unknown): boolean => isUnreachable(error) || !isApiError(error) || error.status === 503;

async function* follow(settings: RequestSettings, taskId: string, options: FollowLogsOptions): AsyncGenerator<TaskLogLine, TaskStatus | null, void> {
  let { after } = options;
  for (let failed = 0; ;) {
    try {
      for await (const { event, data } of eventsOf(await open(settings, taskId, { ...options, ...(after !== undefined && { after }) }))) {
        failed = 0;
        if (event === 'end') return (JSON.parse(data) as { status: TaskStatus | null }).status;
        if (event !== 'line') continue;
        const line = JSON.parse(data) as TaskLogLine;
        after = line.id;
        yield line;
      }
    } catch (error) {
      if (failed >= settings.retries || !mayPass(error)) throw error;
    }
    failed += 1;
    await pause(AGAIN_MS);
  }
}

/** The calls, over whatever sends requests. */
export const logCalls = (call: <T>(request: ApiRequest) => Promise<T>, settings: RequestSettings): LogCalls => ({
  logs: (taskId, options = {}) => call({ path: `api/v1/tasks/${encodeURIComponent(taskId)}/logs`, query: { ...options } }),
  followLogs: (taskId, options = {}) => follow(settings, taskId, options),
});
