/** An executor on claims, reports and a clock that a test holds in its hands. */
import type { Dispatch, Event } from '../../src/core/event';
import { Executor } from '../../src/execute/executor';
import type { Handler } from '../../src/core/handler';
import type { Runnables } from '../../src/execute/work';
import type { ClaimAnswer, FloorAnswer, Wanted } from '../../src/ports/leases';
import type { WorkOrder } from '../../src/ports/transport';
import { DAG } from '../core/model';
import { createVirtualClock, turns } from '../lifecycle/virtualClock';

export interface Call {
  readonly name: string;
  readonly context: Parameters<Handler>[0];
  end(result?: unknown): Promise<void>;
  fail(error: Error): Promise<void>;
}

export const dispatchOf = (task: number, other: Partial<Dispatch> = {}): Dispatch => ({
  dag: DAG,
  task,
  dispatch: 1,
  attempt: 1,
  name: `t${String(task)}`,
  type: 'API_CALL',
  priority: 5,
  tags: [],
  timeoutSeconds: null,
  progressTimeoutSeconds: null,
  suspect: false,
  simulate: null,
  inputs: 'inline',
  payload: null,
  upstream: {},
  checkpoint: null,
  ...other,
});

/** After its signal a handler has this long. */
export const GRACE_MS = 500;

export const startBench = (options: { slots?: number; limitBytes?: number; handlers?: Runnables; leaseLeftMs?: () => number } = {}) => {
  const clock = createVirtualClock();
  const [calls, reports, claimed, back, finished] = [[] as Call[], [] as Event[], [] as Wanted[], [] as Wanted[], [] as string[]];
  const happenings: string[] = [];
  const logged: { level: string; message: string; details?: unknown }[] = [];
  let answer: (wanted: Wanted) => Promise<ClaimAnswer> | ClaimAnswer = ({ dispatch }) => ({ kind: 'granted', fence: String(dispatch) });
  let release: () => Promise<void> = () => Promise.resolve();
  let floor: (wanted: Wanted) => FloorAnswer = () => ({ kind: 'raised' });
  let durable: () => Promise<void> = () => Promise.resolve();
  const handler: Handler = (context) =>
    new Promise((resolve, reject) => {
      context.signal.addEventListener('abort', () => {
        reject(new Error('aborted'));
      });
      calls.push({
        name: context.task.name,
        context,
        end: async (result) => {
          resolve(result);
          await turns();
        },
        fail: async (error) => {
          reject(error);
          await turns();
        },
      });
    });
  const vitals = { cells: new Int32Array(new SharedArrayBuffer(20)) };
  const executor = new Executor({
    session: 's1',
    worker: 'w1',
    leaseLeftMs: options.leaseLeftMs ?? (() => 1600),
    slots: options.slots ?? 1,
    handlers: options.handlers ?? new Map([['API_CALL', handler]]),
    clock,
    vitals,
    maxUnreported: 10,
    limits: { resultBytes: options.limitBytes ?? 1000, checkpointBytes: options.limitBytes ?? 1000 },
    hardLimitGraceMs: GRACE_MS,
    stuck: () => {
      happenings.push('stuck');
    },
    claims: {
      claim: async (_session, wanted) => {
        claimed.push(...wanted);
        return Promise.all(wanted.map(async (each) => answer(each)));
      },
      release: (_session, released) => {
        back.push(...released);
        return release();
      },
      raiseFloor: (wanted) => Promise.resolve(wanted.map((each) => floor(each))),
    },
    report: async (_shard, event) => {
      await durable();
      reports.push(event);
    },
    finished: ({ task, dispatch }) => {
      finished.push(`${String(task)}#${String(dispatch)}`);
    },
    fetchInputs: () => Promise.resolve({ payload: '"fetched"', checkpoint: null, upstream: {} }),
    say: (_held, { level, text, fields }) => {
      logged.push({ level, message: text, ...(fields !== null && { details: JSON.parse(fields) as unknown }) });
    },
    fellSilent: () => undefined,
    roused: () => undefined,
    announce: (name) => {
      happenings.push(name);
    },
  });
  const order = (dispatches: readonly Dispatch[], other: Partial<WorkOrder> = {}): WorkOrder => ({
    session: 's1',
    shard: 0,
    epoch: 1,
    sentAt: clock.now(),
    origin: 'http://localhost',
    revoked: [],
    acknowledged: [],
    dispatches,
    ...other,
  });
  return {
    executor,
    clock,
    calls,
    reports,
    claimed,
    back,
    finished,
    vitals,
    happenings,
    logged,
    order,
    hand: async (dispatches: readonly Dispatch[], other: Partial<WorkOrder> = {}) => {
      void executor.accept([order(dispatches, other)]);
      await turns();
    },
    answerWith: (next: typeof answer) => {
      answer = next;
    },
    releaseWith: (next: typeof release) => {
      release = next;
    },
    floorWith: (next: typeof floor) => {
      floor = next;
    },
    reportWith: (next: typeof durable) => {
      durable = next;
    },
    types: () => reports.map(({ type }) => type),
    names: () => calls.map(({ name }) => name),
  };
};

/** A promise and its end. */
export const gate = <T>() => {
  let open!: (value: T) => void;
  return {
    promise: new Promise<T>((resolve) => {
      open = resolve;
    }),
    open,
  };
};
