/** The API as the benchmark uses it: few connections that are kept, and no more parsing than is needed. */
import { Pool } from 'undici';

/** What is read of a DAG. */
export interface DagState {
  readonly dagId: string;
  readonly dagName: string;
  readonly status: string;
  readonly totalTasks: number;
  readonly completedTasks: number;
  readonly failedTasks: number;
  readonly skippedTasks: number;
  readonly cancelledTasks: number;
}

/** What is read of a task; times are ISO 8601 in UTC. */
export interface TaskState {
  readonly dagId: string;
  readonly taskName: string;
  readonly status: string;
  readonly dependencies: readonly string[];
  readonly startedAt: string | null;
  readonly completedAt: string | null;
}

interface Page<T> {
  readonly items: readonly T[];
  readonly nextCursor: string | null;
}

export interface Api {
  /** Submits a DAG (JSON text) and gives its id. */
  submit(body: string): Promise<string>;
  /** Submits DAGs (JSON texts) in one request and gives their ids; rejects where one is refused. */
  submitBatch(bodies: readonly string[]): Promise<readonly string[]>;
  /** Resolves with the DAG when it is final; rejects after `timeoutMs`. */
  final(dagId: string): Promise<DagState>;
  /** Ids of DAGs that are not final yet, at most 1,000 for each state. */
  unfinished(): Promise<string[]>;
  /** Every DAG, newest first. */
  dags(): AsyncIterable<readonly DagState[]>;
  /** Every task of every DAG; all tasks of a DAG come one after another. */
  tasks(): AsyncIterable<readonly TaskState[]>;
  /** The DAG as it is now. */
  dag(dagId: string): Promise<DagState>;
  /** One page of a list; the cursor of the next one. */
  page(path: string): Promise<string | null>;
  /** Hands nothing out, until it is resumed. */
  pauseAll(): Promise<void>;
  resumeAll(): Promise<void>;
  /** How many workers the scheduler sees. */
  workers(): Promise<number>;
  close(): void;
}

export interface ApiSettings {
  /** `http://127.0.0.1:8080` */
  readonly url: string;
  readonly connections: number;
  /** The longest wait for a DAG's end. */
  readonly timeoutMs: number;
}

const WAIT_SECONDS = 30;
const PAGE = 1000;
const FINAL = new Set(['COMPLETED', 'FAILED', 'CANCELLED']);

interface Asked {
  readonly method: 'GET' | 'POST';
  readonly path: string;
  readonly body?: string;
}

/** Whoever waits for a DAG's end gets no byte until then: the caller has a limit of its own. */
const UNLIMITED = { headersTimeout: 0, bodyTimeout: 0 };

const send = async (pool: Pool, { method, path, body }: Asked): Promise<string> => {
  const headers = body === undefined ? {} : { 'content-type': 'application/json' };
  const response = await pool.request({ method, path, headers, body: body ?? null });
  const text = await response.body.text();
  if (response.statusCode === 200 || response.statusCode === 201) return text;
  throw new Error(`${method} ${path} answered ${String(response.statusCode)}: ${text.slice(0, 500)}`);
};

/** Makes a client that keeps up to `connections` connections. */
export const createApi = ({ url, connections, timeoutMs }: ApiSettings): Api => {
  const pool = new Pool(url, { connections, ...UNLIMITED });
  const get = async <T>(path: string): Promise<T> => JSON.parse(await send(pool, { method: 'GET', path })) as T;

  async function* pages<T>(path: string): AsyncIterable<readonly T[]> {
    let cursor: string | null = null;
    do {
      const page: Page<T> = await get(`${path}?limit=${PAGE}${cursor === null ? '' : `&cursor=${encodeURIComponent(cursor)}`}`);
      yield page.items;
      cursor = page.nextCursor;
    } while (cursor !== null);
  }

  return {
    submit: async (body) => (JSON.parse(await send(pool, { method: 'POST', path: '/api/v1/dags', body })) as DagState).dagId,
    submitBatch: async (bodies) => {
      const body = `[${bodies.join(',')}]`;
      const answer = JSON.parse(await send(pool, { method: 'POST', path: '/api/v1/dags/batch', body })) as {
        readonly refused: number;
        readonly results: readonly { readonly dag?: DagState }[];
      };
      const refusal = answer.results.find(({ dag }) => dag === undefined);
      if (refusal !== undefined)
        throw new Error(`${answer.refused} of ${bodies.length} submissions were refused, the first with ${JSON.stringify(refusal).slice(0, 500)}`);
      return answer.results.map(({ dag }) => dag!.dagId);
    },
    final: async (dagId) => {
      const deadline = performance.now() + timeoutMs;
      for (;;) {
        const state = await get<DagState>(`/api/v1/dags/${dagId}?waitSeconds=${WAIT_SECONDS}`);
        if (FINAL.has(state.status)) return state;
        if (performance.now() > deadline) throw new Error(`DAG ${dagId} is still ${state.status} after ${timeoutMs} ms`);
      }
    },
    // CREATED first: a DAG that moves on between the two questions is then seen by the second.
    unfinished: async () => {
      const created = await get<Page<DagState>>(`/api/v1/dags?status=CREATED&limit=${PAGE}`);
      const running = await get<Page<DagState>>(`/api/v1/dags?status=RUNNING&limit=${PAGE}`);
      return [...created.items, ...running.items].map(({ dagId }) => dagId);
    },
    dags: () => pages<DagState>('/api/v1/dags'),
    tasks: () => pages<TaskState>('/api/v1/tasks'),
    dag: (dagId) => get<DagState>(`/api/v1/dags/${dagId}`),
    page: async (path) => (await get<Page<unknown>>(path)).nextCursor,
    pauseAll: async () => {
      await send(pool, { method: 'POST', path: '/api/v1/gates/pause', body: '{"scope":"all"}' });
    },
    resumeAll: async () => {
      await send(pool, { method: 'POST', path: '/api/v1/gates/resume', body: '{"scope":"all"}' });
    },
    workers: async () => (await get<{ state: string }[]>('/api/v1/workers')).filter(({ state }) => state !== 'LOST').length,
    close: () => void pool.destroy(),
  };
};
