/** Requests to the API: JSON in, JSON out, and every failure a RequestFailed. */
import type {
  BulkDiscard,
  BulkReplay,
  DagCommanded,
  DagView,
  DeadLetter,
  DeadLetterDetail,
  Explanation,
  Firing,
  Gate,
  GateChanged,
  HistoryEvent,
  LetterCommanded,
  Limit,
  LimitChanged,
  Page,
  Pool,
  Schedule,
  ScheduleDetail,
  SchedulePreview,
  TaskCommanded,
  TaskView,
  WorkerDetail,
  WorkerView,
} from '../../../src/sdk/responses';
import { newKey } from './keys';
import { failureOf, RequestFailed } from './problem';

export interface Health {
  readonly status: 'UP' | 'DOWN';
  readonly components: Readonly<Record<string, { readonly status: 'UP' | 'DOWN'; readonly latencyMs: number; readonly error?: string }>>;
}

/** Who asks for something, and why: for the history; with whatever else its dialog asked for, by the names of the API. */
export interface Asked {
  readonly by?: string;
  readonly reason?: string;
  readonly [field: string]: unknown;
}

export interface Sending {
  readonly method?: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';
  /** A value that is sent as JSON. */
  readonly body?: unknown;
  /** A text that is JSON already. */
  readonly json?: string;
  readonly signal?: AbortSignal | undefined;
  /** What comes again with the same one is done once. */
  readonly key?: string;
  /** Milliseconds after which an answer counts as lost. Where nothing is said, a read has some seconds, and a command as long as it takes. */
  readonly withinMs?: number;
  /** Statuses beside 2xx whose body is the answer all the same. */
  readonly answers?: readonly number[];
}

/** A scheduler that hangs takes requests, and answers none of them. */
const READ_MS = 15_000;
/** For answers of many megabytes. */
export const LARGE_MS = 120_000;

interface Answer {
  readonly isSuccess: boolean;
  readonly status: number;
  readonly text: string;
}

const send = async (path: string, sending: Sending): Promise<Answer> => {
  const { method = 'GET', body, json, key = newKey(), signal, withinMs = method === 'GET' ? READ_MS : undefined } = sending;
  const text = json ?? (body === undefined ? undefined : JSON.stringify(body));
  const headers: Record<string, string> =
    text === undefined ? {} : { 'Content-Type': 'application/json', ...(method === 'PUT' ? {} : { 'Idempotency-Key': key }) };
  const ends = [signal, withinMs === undefined ? undefined : AbortSignal.timeout(withinMs)].filter((end) => end !== undefined);
  try {
    const response = await fetch(path, { method, headers, body: text ?? null, signal: AbortSignal.any(ends) });
    return { isSuccess: response.ok, status: response.status, text: await response.text() };
  } catch (error) {
    if (signal?.aborted === true) throw error;
    throw new RequestFailed('No answer came from the scheduler.', 0, undefined);
  }
};

/** Sends a request and reads its answer, which is believed to be a T. */
export const ask = async <T>(path: string, sending: Sending = {}): Promise<T> => {
  const { isSuccess, status, text } = await send(path, sending);
  if (!isSuccess && sending.answers?.includes(status) !== true) throw failureOf(status, text);
  return (text === '' ? undefined : JSON.parse(text)) as T;
};

const part = encodeURIComponent;
const post = <T>(path: string, body: object, key = newKey()): Promise<T> => ask<T>(path, { method: 'POST', body, key });

export type DagCommand = 'cancel' | 'pause' | 'resume' | 'drain' | 'retry' | 'rerun';
export type TaskCommand = 'cancel' | 'retry' | 'rerun' | 'skip' | 'hold' | 'release' | 'approve' | 'mark';
export type GateTarget = { readonly scope: 'all' } | { readonly scope: 'type' | 'pool'; readonly name: string };

/** Every call that the page makes. */
export const api = {
  health: (signal?: AbortSignal) => ask<Health>('/api/v1/health', { signal, answers: [503] }),
  dags: (query: string, signal?: AbortSignal) => ask<Page<DagView>>(`/api/v1/dags?${query}`, { signal }),
  dag: (dagId: string, signal?: AbortSignal) => ask<DagView>(`/api/v1/dags/${part(dagId)}`, { signal }),
  events: (dagId: string, query: string, signal?: AbortSignal) => ask<Page<HistoryEvent>>(`/api/v1/dags/${part(dagId)}/events?${query}`, { signal }),
  submit: (json: string, key: string) => ask<DagView>('/api/v1/dags', { method: 'POST', json, key }),
  commandDag: (dagId: string, command: DagCommand, body: object, key?: string) =>
    post<DagCommanded>(`/api/v1/dags/${part(dagId)}/${command}`, body, key),
  editDag: (dagId: string, body: object, key: string) => ask<DagCommanded>(`/api/v1/dags/${part(dagId)}/tasks`, { method: 'PATCH', body, key }),
  deleteDag: (dagId: string) => ask<undefined>(`/api/v1/dags/${part(dagId)}`, { method: 'DELETE' }),
  tasks: (query: string, signal?: AbortSignal) => ask<Page<TaskView>>(`/api/v1/tasks?${query}`, { signal }),
  task: (taskId: string, signal?: AbortSignal) => ask<TaskView>(`/api/v1/tasks/${part(taskId)}`, { signal }),
  explain: (taskId: string, signal?: AbortSignal) => ask<Explanation>(`/api/v1/tasks/${part(taskId)}/explain`, { signal }),
  commandTask: (taskId: string, command: TaskCommand, body: object, key: string) =>
    post<TaskCommanded>(`/api/v1/tasks/${part(taskId)}/${command}`, body, key),
  workers: (signal?: AbortSignal) => ask<readonly WorkerView[]>('/api/v1/workers', { signal }),
  worker: (workerId: string, signal?: AbortSignal) => ask<WorkerDetail>(`/api/v1/workers/${part(workerId)}`, { signal }),
  commandWorker: (workerId: string, command: 'drain' | 'resume' | 'remove', body: object) =>
    post<{ readonly worker: WorkerView | null }>(`/api/v1/workers/${part(workerId)}/${command}`, body),
  letters: (query: string, signal?: AbortSignal) => ask<Page<DeadLetter>>(`/api/v1/dead-letters?${query}`, { signal }),
  letter: (letterId: string, signal?: AbortSignal) => ask<DeadLetterDetail>(`/api/v1/dead-letters/${part(letterId)}`, { signal }),
  commandLetter: (letterId: string, command: 'replay' | 'discard', body: object) =>
    post<LetterCommanded>(`/api/v1/dead-letters/${part(letterId)}/${command}`, body),
  replayLetters: (body: object) => post<BulkReplay>('/api/v1/dead-letters/replay', body),
  discardLetters: (body: object) => post<BulkDiscard>('/api/v1/dead-letters/discard', body),
  schedules: (query: string, signal?: AbortSignal) => ask<Page<Schedule>>(`/api/v1/schedules?${query}`, { signal }),
  schedule: (scheduleId: string, signal?: AbortSignal) => ask<ScheduleDetail>(`/api/v1/schedules/${part(scheduleId)}`, { signal }),
  previewSchedule: (query: string, signal?: AbortSignal) => ask<SchedulePreview>(`/api/v1/schedules/preview?${query}`, { signal }),
  createSchedule: (body: object) => post<Schedule>('/api/v1/schedules', body),
  commandSchedule: (scheduleId: string, command: 'pause' | 'resume', body: object) =>
    post<Schedule>(`/api/v1/schedules/${part(scheduleId)}/${command}`, body),
  triggerSchedule: (scheduleId: string, body: object, key: string) => post<Firing>(`/api/v1/schedules/${part(scheduleId)}/trigger`, body, key),
  removeSchedule: (scheduleId: string) => ask<undefined>(`/api/v1/schedules/${part(scheduleId)}`, { method: 'DELETE' }),
  gates: (signal?: AbortSignal) => ask<readonly Gate[]>('/api/v1/gates', { signal }),
  pauseGate: (target: GateTarget, body: object) => post<GateChanged>('/api/v1/gates/pause', { ...body, ...target }),
  resumeGate: (target: GateTarget, body: object) => post<GateChanged>('/api/v1/gates/resume', { ...body, ...target }),
  pools: (signal?: AbortSignal) => ask<readonly Pool[]>('/api/v1/pools', { signal }),
  limits: (signal?: AbortSignal) => ask<readonly Limit[]>('/api/v1/limits', { signal }),
  setLimit: (scope: Limit['scope'], name: string, body: object) =>
    ask<LimitChanged>(`/api/v1/limits/${scope}/${part(name)}`, { method: 'PUT', body }),
  removeLimit: (scope: Limit['scope'], name: string) => ask<undefined>(`/api/v1/limits/${scope}/${part(name)}`, { method: 'DELETE' }),
};
