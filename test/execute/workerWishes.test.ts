import { createMemoryBroker } from '../../src/adapters/memory/broker';
import { createMemoryLeases } from '../../src/adapters/memory/leases';
import type { Event } from '../../src/core/event';
import type { Handler } from '../../src/core/handler';
import { failure } from '../../src/core/failure';
import { createWishes } from '../../src/execute/wishes';
import { createWorker } from '../../src/execute/worker';
import { createVirtualClock, turns } from '../lifecycle/virtualClock';
import { dispatchOf } from './bench';

const HEARTBEAT_MS = 400;

const startStage = async (handler: Handler) => {
  const clock = createVirtualClock();
  const broker = createMemoryBroker({ clock, shards: 1 });
  const leases = createMemoryLeases({ clock, leaseMs: 4 * HEARTBEAT_MS, heartbeatMs: HEARTBEAT_MS });
  const [reports, left] = [[] as Event[], [] as string[]];
  const worker = createWorker({
    description: { workerId: 'w1', host: 'h', port: 1, version: '0', region: '', tags: [], types: ['API_CALL'], slots: 2 },
    clock,
    queue: broker.workQueue,
    claims: leases.claims,
    sessions: leases.sessions,
    report: (_shard, event) => {
      reports.push(event);
      return Promise.resolve();
    },
    finished: () => undefined,
    fetchInputs: () => Promise.reject(new Error('nothing to fetch')),
    handlers: new Map([['API_CALL', handler]]),
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
  await worker.start();
  const live = async () => (await leases.roster.read()).workers;
  return {
    clock,
    leases,
    reports,
    left,
    worker,
    live,
    types: () => reports.map(({ type }) => type),
    hand: async (...tasks: readonly number[]) => {
      const { session, inbox } = (await live())[0]!;
      await broker.workQueue.send(
        new Map([
          [
            inbox,
            [
              {
                session,
                shard: 0,
                epoch: 1,
                sentAt: clock.now(),
                origin: '',
                revoked: [],
                acknowledged: [],
                dispatches: tasks.map((task) => dispatchOf(task)),
              },
            ],
          ],
        ]),
      );
      await turns();
    },
    ask: async (wish: 'leave' | 'stay' | 'work' | 'remove') => {
      const answer = await leases.control.ask('w1', wish);
      await clock.advance(HEARTBEAT_MS);
      return answer;
    },
  };
};

const held = (): { handler: Handler; end: () => void } => {
  let end: () => void = () => undefined;
  const handler: Handler = ({ signal }) =>
    new Promise((resolve, reject) => {
      end = () => {
        resolve('done');
      };
      signal.addEventListener('abort', () => {
        reject(new Error('aborted'));
      });
    });
  return {
    handler,
    end: () => {
      end();
    },
  };
};

test('a worker that shall leave says so once; what it runs goes on until it is stopped', async () => {
  const { handler, end } = held();
  const stage = await startStage(handler);
  await stage.hand(0);
  expect(await stage.ask('leave')).toBe('asked');
  await stage.clock.advance(2 * HEARTBEAT_MS);
  expect([stage.left, stage.types()]).toEqual([['an operator asked for it'], ['started']]);
  const stopping = stage.worker.stop();
  end();
  await stopping;
  expect([stage.types(), await stage.live()]).toEqual([['started', 'completed'], []]);
});

test('a worker that shall stay finishes, gives back what is sent to it all the same, and works again in a new session', async () => {
  const { handler, end } = held();
  const stage = await startStage(handler);
  await stage.hand(0);
  await stage.ask('stay');
  const [draining] = await stage.live();
  expect([draining!.draining, stage.left]).toEqual([true, []]);
  await stage.hand(1);
  expect(stage.reports.filter(({ type }) => type === 'released')).toMatchObject([{ leaving: true, tasks: [{ task: 1 }] }]);
  expect(await stage.ask('work')).toBe('asked');
  expect((await stage.live())[0]!.session).toBe(draining!.session);
  end();
  await stage.clock.advance(HEARTBEAT_MS);
  const [again] = await stage.live();
  expect([again!.draining, again!.session === draining!.session]).toEqual([false, false]);
  await stage.hand(2);
  end();
  await stage.clock.advance(1);
  expect(stage.types().filter((type) => type === 'completed')).toHaveLength(2);
  await stage.worker.stop();
});

test('what comes together with the wish to stay begins, or is given back', async () => {
  const { handler, end } = held();
  const stage = await startStage(handler);
  // It holds nothing, so that it looks for wishes every 250 ms, and has just looked.
  await stage.clock.advance(360);
  await stage.leases.control.ask('w1', 'stay');
  await stage.hand(0, 1, 2);
  expect(stage.reports.filter(({ type }) => type === 'released')).toMatchObject([{ leaving: true, tasks: [{ task: 2 }] }]);
  const stopping = stage.worker.stop();
  end();
  await stage.clock.advance(5_000);
  await stopping;
});

test('a worker that shall stay does so in its next session, too', async () => {
  const stage = await startStage(() => Promise.resolve('done'));
  await stage.ask('stay');
  const [before] = await stage.live();
  stage.leases.crash(before!.session);
  await stage.clock.advance(4 * HEARTBEAT_MS);
  await stage.worker.stop();
  expect(await stage.live()).toEqual([]);
});

test('a worker works again also where the leases are away when it has finished', async () => {
  const wishes = createWishes({
    drain: () => Promise.resolve(),
    beginAnew: () => Promise.reject(failure('LEASES_UNAVAILABLE', 'away')),
    leave: () => undefined,
  });
  const unhandled: unknown[] = [];
  const note = (error: unknown): void => void unhandled.push(error);
  process.on('unhandledRejection', note);
  wishes.heed('stay');
  wishes.heed('work');
  await new Promise((resolve) => setImmediate(resolve));
  process.off('unhandledRejection', note);
  expect([wishes.isStaying(), unhandled]).toEqual([false, []]);
});

test('a removed worker aborts what it has, and does not come back', async () => {
  const { handler } = held();
  const stage = await startStage(handler);
  await stage.hand(0);
  await stage.ask('remove');
  await stage.clock.advance(1);
  expect([stage.types(), stage.left, await stage.live(), await stage.leases.control.lost()]).toEqual([
    ['started', 'released'],
    ['an operator asked for it'],
    [],
    [],
  ]);
  await stage.clock.advance(10_000);
  expect(await stage.live()).toEqual([]);
  await stage.worker.stop();
});
