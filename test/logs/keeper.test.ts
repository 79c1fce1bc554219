import { createMemoryTaskLogs } from '../../src/adapters/memory/taskLogs';
import { failure } from '../../src/core/failure';
import { createKeeper, createLogExpiry } from '../../src/logs/keeper';
import type { LogChunk, LogFeed, TaskLogStore } from '../../src/ports/taskLogs';
import { DAG } from '../core/model';
import { createVirtualClock, turns } from '../lifecycle/virtualClock';

const chunkOf = (first: number): LogChunk => ({
  dag: DAG,
  task: 0,
  fence: '1',
  attempt: 1,
  worker: 'w1',
  first,
  count: 1,
  position: first,
  bytes: 1,
  ended: false,
  lines: `[[0,1,0,"line ${String(first)}"]]`,
});

const start = (over: Partial<TaskLogStore> = {}) => {
  const clock = createVirtualClock();
  const logs = createMemoryTaskLogs({ now: () => clock.now(), hasDag: () => true });
  const heard: string[] = [];
  let consume: Parameters<LogFeed['open']>[0] = () => Promise.reject(new Error('nobody reads'));
  let owned: readonly number[] = [];
  const keeper = createKeeper({
    feed: {
      open: (reading) => {
        consume = reading;
        heard.push('open');
        const close = (): Promise<void> => Promise.resolve(void heard.push('close'));
        return Promise.resolve({
          take: (shard, from) => void heard.push(`take ${shard} ${from}`),
          drop: (shard) => void heard.push(`drop ${shard}`),
          close,
        });
      },
    },
    store: { ...logs, ...over },
    owned: () => owned,
    attemptBytes: 1_000_000,
    clock,
    announce: (name) => void heard.push(name),
  });
  const own = async (next: readonly number[]): Promise<void> => {
    owned = next;
    await clock.advance(500);
  };
  const stored = async () => (await logs.chunks({ dag: DAG, task: 0 }, {}, 10_000)).map(({ first }) => first);
  return { clock, logs, heard, keeper, own, stored, consume: (...given: Parameters<typeof consume>) => consume(...given) };
};

test('it reads the shards that it owns from where they were left, and nothing before it owns any', async () => {
  const { heard, keeper, own, consume, stored, logs } = start();
  await keeper.start();
  await turns();
  expect(heard).toEqual([]);
  await own([1, 2]);
  await consume(
    1,
    Array.from({ length: 450 }, (_, i) => chunkOf(i)),
    7n,
  );
  expect(await stored()).toHaveLength(450);
  await own([2]);
  await own([1, 2]);
  await keeper.stop();
  expect(heard).toEqual(['open', 'take 1 0', 'take 2 0', 'drop 1', 'take 1 7', 'close']);
  expect(await logs.places([1])).toEqual([{ shard: 1, next: 7n }]);
});

test('what the store refuses for its content is passed over; what may pass comes again', async () => {
  let error = failure('UNSTORABLE', 'no');
  const places: unknown[] = [];
  const { heard, keeper, own, consume } = start({
    keep: (chunks, _bytes, place) => (chunks.length > 0 ? Promise.reject(error) : Promise.resolve(void places.push(place))),
  });
  await keeper.start();
  await own([1]);
  await consume(1, [chunkOf(0)], 1n);
  expect(places).toEqual([{ shard: 1, next: 1n }]);
  error = failure('STORE_UNAVAILABLE', 'away');
  await expect(consume(1, [chunkOf(1)], 2n)).rejects.toBe(error);
  expect(heard.filter((each) => each === 'loop.failed')).toHaveLength(2);
  await keeper.stop();
});

test('old lines are removed in steps, while this process leads', async () => {
  const { clock, logs, stored } = start();
  await logs.keep(
    Array.from({ length: 2500 }, (_, i) => chunkOf(i)),
    1_000_000,
  );
  await clock.advance(86_400_000);
  await logs.keep([chunkOf(2500)], 1_000_000);
  await clock.advance(1000);
  let left = 1;
  const once = createLogExpiry({ store: logs, keepDays: 1, clock, mayGoOn: () => left-- > 0 });
  await once();
  expect(await stored()).toHaveLength(1501);
  left = 10;
  await once();
  expect(await stored()).toEqual([2500]);
});
