import { createMemoryBroker } from '../../src/adapters/memory/broker';
import { createMemoryLeases } from '../../src/adapters/memory/leases';
import type { Dispatch, Event } from '../../src/core/event';
import { failure } from '../../src/core/failure';
import type { Handler } from '../../src/core/handler';
import type { Batched } from '../../src/execute/work';
import { createWorker } from '../../src/execute/worker';
import type { WorkerDescription, WorkerSessions } from '../../src/ports/leases';
import type { WorkQueue } from '../../src/ports/transport';
import { createVirtualClock, turns } from '../lifecycle/virtualClock';
import { dispatchOf } from './bench';

const description: WorkerDescription = { workerId: 'w1', host: 'h', port: 1, version: '0', region: '', tags: [], types: ['API_CALL'], slots: 2 };

const startStage = (
  handler: Handler | Batched,
  over: { sessions?: (real: WorkerSessions) => WorkerSessions; queue?: (real: WorkQueue) => WorkQueue } = {},
) => {
  const clock = createVirtualClock();
  const broker = createMemoryBroker({ clock, shards: 1 });
  const leases = createMemoryLeases({ clock, leaseMs: 3000, heartbeatMs: 1000 });
  const reports: Event[] = [];
  const left: string[] = [];
  const queue = over.queue?.(broker.workQueue) ?? broker.workQueue;
  const worker = createWorker({
    description,
    clock,
    queue,
    claims: leases.claims,
    sessions: over.sessions?.(leases.sessions) ?? leases.sessions,
    report: (_shard, event) => {
      reports.push(event);
      return Promise.resolve();
    },
    finished: () => undefined,
    fetchInputs: () => Promise.reject(new Error('nothing to fetch')),
    handlers: new Map<string, Handler | Batched>([['API_CALL', handler]]),
    say: () => undefined,
    fellSilent: () => undefined,
    announce: () => undefined,
    drainMs: 1000,
    takeoverMs: 0,
    limits: { resultBytes: 1000, checkpointBytes: 1000 },
    hardLimitGraceMs: 1000,
    leave: (cause) => {
      left.push(cause);
    },
  });
  const live = async () => (await leases.roster.read()).workers;
  return {
    clock,
    broker,
    leases,
    reports,
    left,
    worker,
    live,
    hand: async (task: number, over: Partial<Dispatch> = {}) => {
      const { session, inbox } = (await live())[0]!;
      await broker.workQueue.send(
        new Map([
          [
            inbox,
            [{ session, shard: 0, epoch: 1, sentAt: clock.now(), origin: '', revoked: [], acknowledged: [], dispatches: [dispatchOf(task, over)] }],
          ],
        ]),
      );
      await turns();
    },
  };
};

const untilAborted: Handler = ({ signal }) =>
  new Promise((_resolve, reject) => {
    signal.addEventListener('abort', () => {
      reject(new Error('aborted'));
    });
  });

test('a worker announces itself, runs what it is sent, and is gone at once when it stops', async () => {
  const stage = startStage(() => Promise.resolve('done'));
  await stage.worker.start();
  expect(stage.worker.isReady()).toBe(true);
  await stage.hand(0);
  expect(stage.reports).toMatchObject([{ type: 'completed', result: '"done"' }]);
  await stage.worker.stop();
  expect(await stage.live()).toEqual([]);
});

test('a worker that had nothing to do holds the first task to its time as any other', async () => {
  const stage = startStage(untilAborted);
  await stage.worker.start();
  await stage.clock.advance(1_110);
  await stage.hand(0, { timeoutSeconds: 0.1 });
  await stage.clock.advance(150);
  expect(stage.reports).toMatchObject([{ type: 'started' }, { type: 'failed', error: { kind: 'TIMEOUT' } }]);
  await stage.worker.stop();
});

test('a worker tells how many tasks share a slot', async () => {
  const stage = startStage({ handle: (contexts) => contexts.map(() => 'done'), batch: { maxSize: 50, maxWaitMs: 10 } });
  await stage.worker.start();
  expect(await stage.live()).toMatchObject([{ slots: 2, perSlot: { API_CALL: 50 } }]);
  await stage.hand(0);
  expect(stage.reports).toMatchObject([{ type: 'completed', result: '"done"' }]);
  await stage.worker.stop();
});

test('stopping during the start leaves no session behind', async () => {
  let open: () => void = () => undefined;
  const late = new Promise<void>((resolve) => {
    open = resolve;
  });
  const stage = startStage(() => Promise.resolve(), { sessions: (real) => ({ open: (...args) => late.then(() => real.open(...args)) }) });
  const starting = stage.worker.start();
  const stopping = stage.worker.stop();
  open();
  await Promise.all([starting, stopping]);
  await turns();
  expect(await stage.live()).toEqual([]);
});

test('a start that fails after the inbox was opened closes the inbox and the session, and is tried again', async () => {
  let [closed, failures] = [0, 0];
  const stage = startStage(() => Promise.resolve(), {
    sessions: (real) => ({
      open: async (...args) => {
        const session = await real.open(...args);
        const fail = (): Promise<void> => {
          failures += 1;
          return Promise.reject(failure('LEASES_UNAVAILABLE', 'away'));
        };
        return failures < 2 ? Object.assign(session, { announce: fail }) : session;
      },
    }),
    queue: (real) => ({
      ...real,
      receive: async (...args) => {
        const inbox = await real.receive(...args);
        return {
          close: async () => {
            closed += 1;
            await inbox.close();
          },
        };
      },
    }),
  });
  const starting = stage.worker.start();
  await turns();
  expect([closed, stage.worker.isReady(), await stage.live()]).toEqual([1, false, []]);
  await stage.clock.advance(1000);
  await starting;
  expect([failures, closed, stage.worker.isReady(), (await stage.live()).length]).toEqual([2, 2, true, 1]);
  await stage.worker.stop();
});

test('an id that a live worker holds ends the start', async () => {
  const stage = startStage(() => Promise.resolve(), {
    sessions: () => ({ open: () => Promise.reject(failure('WORKER_ID_HELD', 'held')) }),
  });
  await expect(stage.worker.start()).rejects.toThrow('held');
});

test('every caller of stop waits until the work is given back', async () => {
  const stage = startStage(untilAborted);
  await stage.worker.start();
  await stage.hand(0);
  let stopped = 0;
  for (let i = 0; i < 2; i++)
    void stage.worker.stop().then(() => {
      stopped += 1;
    });
  await turns();
  expect(stopped).toBe(0);
  await stage.clock.advance(1000);
  expect([stopped, stage.reports.map(({ type }) => type)]).toEqual([2, ['started', 'released']]);
});

test.each(['works', 'drains'])('a session that ends while its worker %s aborts its handlers at once', async (doing) => {
  const aborted: unknown[] = [];
  const opened: { close(): Promise<void> }[] = [];
  const stage = startStage(
    (context) => {
      context.signal.addEventListener('abort', () => {
        aborted.push(context.signal.reason);
      });
      return untilAborted(context);
    },
    {
      sessions: (real) => ({
        open: async (...args) => {
          const session = await real.open(...args);
          opened.push(session);
          return session;
        },
      }),
    },
  );
  await stage.worker.start();
  await stage.hand(0);
  const stopping = doing === 'drains' ? stage.worker.stop() : undefined;
  await turns();
  await opened[0]!.close();
  await turns();
  expect(aborted).toEqual([{ kind: 'gone', why: 'the session ended' }]);
  await stopping;
  expect((await stage.live()).length).toBe(doing === 'drains' ? 0 : 1);
  expect(opened).toHaveLength(doing === 'drains' ? 1 : 2);
  await stage.worker.stop();
});
