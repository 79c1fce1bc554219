/** The API as typed calls. */
import { randomUUID } from 'node:crypto';
import type { DagStatus, TaskStatus } from '../core/dag';
import { type AutoscalingCalls, autoscalingCalls } from './autoscaling';
import { type ControlCalls, controlCalls } from './control';
import { type DoctorCalls, doctorCalls } from './doctor';
import { mayPass, strangerError } from './errors';
import { type LiveCalls, liveCalls } from './live';
import { type LogCalls, logCalls } from './logs';
import { type NotificationCalls, notificationCalls } from './notifications';
import { type ApiRequest, type RequestSettings, send } from './requests';
import { type DagView, type Explanation, isFinal, type Page, type TaskDetail, type TaskView } from './responses';
import { type ScheduleCalls, scheduleCalls } from './schedules';
import type { DagSubmission } from './submission';
import { type WorkerCalls, workerCalls } from './workers';

export interface ClientSettings extends Partial<Omit<RequestSettings, 'url'>> {
  /** The scheduler's address, e.g. `http://localhost:8080`. */
  readonly url: string;
}

export interface SubmitOptions {
  /** Makes a repeated submission answer the first result. Without one each call makes its own, for its own repetitions. */
  readonly idempotencyKey?: string;
}

export interface WaitOptions {
  /** Called with each state that is seen on the way. */
  readonly onState?: (dag: DagView) => void;
  /** The longest wait in all, give or take a second; the last state seen is answered then. For ever by default. */
  readonly timeoutMs?: number;
}

export interface DagFilters {
  readonly status?: DagStatus;
  /** A name, or its beginning with `*` behind it. */
  readonly name?: string;
  readonly tag?: string;
  /** Those that this schedule submitted. */
  readonly scheduleId?: string;
  readonly createdAfter?: string;
  readonly createdBefore?: string;
  readonly limit?: number;
  readonly cursor?: string;
}

export interface TaskFilters extends Omit<DagFilters, 'status' | 'scheduleId'> {
  readonly status?: TaskStatus;
  readonly type?: string;
  readonly pool?: string;
}

export interface Client extends ControlCalls, WorkerCalls, DoctorCalls, AutoscalingCalls, LiveCalls, LogCalls, ScheduleCalls, NotificationCalls {
  submit(submission: DagSubmission, options?: SubmitOptions): Promise<DagView>;
  /** With `waitSeconds` (0 to 60) the answer comes when the DAG is final, or that time is over. */
  dag(dagId: string, waitSeconds?: number): Promise<DagView>;
  /** Resolves with the DAG once it is final. */
  wait(dagId: string, options?: WaitOptions): Promise<DagView>;
  /** All tasks of a DAG, in the order of their submission. */
  tasks(dagId: string): Promise<TaskView[]>;
  task(taskId: string): Promise<TaskDetail>;
  /** Why a task isn't running yet. */
  explain(taskId: string): Promise<Explanation>;
  dags(filters?: DagFilters): Promise<Page<DagView>>;
  findTasks(filters?: TaskFilters): Promise<Page<TaskView>>;
}

const WAIT_SECONDS = 30;
/** A look that the server answers at the last moment is given this much for its way. */
const LATE_MS = 1_000;

/**
 * Makes a client. Nothing is connected before the first call; every call rejects with an ApiError or an UnreachableError, or with a TypeError where
 * what it is given can't be sent.
 */
export const createClient = ({ url, timeoutMs = 30_000, retries = 4 }: ClientSettings): Client => {
  const call = async <T>(request: ApiRequest): Promise<T> => {
    const { text, headers } = await send({ url, timeoutMs, retries }, request);
    try {
      return (text === '' ? undefined : JSON.parse(text)) as T;
    } catch {
      throw strangerError(url, `what answers there is no scheduler: it sends ${headers.get('content-type') ?? 'something'} that is no JSON`);
    }
  };
  const part = encodeURIComponent;

  const look = (dagId: string, waitSeconds?: number, withinMs = Infinity): Promise<DagView> =>
    call({ path: `api/v1/dags/${part(dagId)}`, query: { waitSeconds }, extraMs: (waitSeconds ?? 0) * 1_000, withinMs });

  const wait = async (dagId: string, { onState, timeoutMs: limitMs = Infinity }: WaitOptions = {}): Promise<DagView> => {
    const deadline = performance.now() + limitMs;
    let last: DagView | undefined;
    for (;;) {
      const leftMs = Math.max(0, Math.ceil(deadline - performance.now()));
      try {
        last = await look(dagId, Math.min(WAIT_SECONDS, leftMs / 1_000), leftMs + LATE_MS);
        onState?.(last);
        if (isFinal(last)) return last;
      } catch (error) {
        if (last === undefined || performance.now() < deadline || !mayPass(error)) throw error;
      }
      if (performance.now() >= deadline) return last;
    }
  };

  return {
    ...controlCalls(call),
    ...workerCalls(call),
    ...doctorCalls(call),
    ...autoscalingCalls(call),
    ...scheduleCalls(call),
    ...liveCalls(call, { url, timeoutMs, retries }),
    ...notificationCalls(call),
    ...logCalls(call, { url, timeoutMs, retries }),
    dag: (dagId, waitSeconds) => look(dagId, waitSeconds),
    wait,
    submit: (submission, { idempotencyKey = randomUUID() } = {}) =>
      call({ method: 'POST', path: 'api/v1/dags', headers: { 'idempotency-key': idempotencyKey }, body: submission }),
    tasks: (dagId) => call({ path: `api/v1/dags/${part(dagId)}/tasks` }),
    task: (taskId) => call({ path: `api/v1/tasks/${part(taskId)}` }),
    explain: (taskId) => call({ path: `api/v1/tasks/${part(taskId)}/explain` }),
    dags: (filters = {}) => call({ path: 'api/v1/dags', query: { ...filters } }),
    findTasks: (filters = {}) => call({ path: 'api/v1/tasks', query: { ...filters } }),
  };
};
