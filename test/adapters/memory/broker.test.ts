import { createMemoryBroker } from '../../../src/adapters/memory/broker';
import { eventLogContract, listening, numbered, numbersIn, START } from '../../contract/eventLog';
import { orderFor, workQueueContract } from '../../contract/workQueue';
import { createVirtualClock } from '../../lifecycle/virtualClock';

const open = () => {
  const clock = createVirtualClock();
  const broker = createMemoryBroker({ clock, shards: 4, maxUnread: 50 });
  const until = async (condition: () => boolean, what: string): Promise<void> => {
    for (let i = 0; i < 1_000 && !condition(); i++) await clock.advance(10);
    if (!condition()) throw new Error(`there was never ${what}`);
  };
  return { ...broker, clock, until, close: () => Promise.resolve() };
};

describe('the event log in memory', () => {
  eventLogContract(() =>
    Promise.resolve(open()).then((world) => ({ ...world, log: createMemoryBroker({ clock: world.clock, shards: 4 }).eventLog })),
  );

  test('refuses more than it may hold unread, and takes more once that is read', async () => {
    const { eventLog, until } = open();
    for (let n = 0; n < 50; n++) await eventLog.append(new Map([[0, [numbered(n)]]]));
    await expect(
      eventLog.append(
        new Map([
          [1, [numbered(1)]],
          [0, [numbered(50)]],
        ]),
      ),
    ).rejects.toMatchObject({ code: 'OVERLOADED' });
    const { reader, records } = await listening(eventLog);
    reader.take(0, START);
    reader.take(1, START);
    await until(() => records.length === 50, 'the unread ones');
    await eventLog.append(new Map([[0, [numbered(50)]]]));
    await until(() => records.length === 51, 'one more');
    expect(records.every(({ shard }) => shard === 0)).toBe(true);
  });

  test('keeps the latest of what was delivered, and forgets the oldest', async () => {
    const { clock, until } = open();
    const { eventLog } = createMemoryBroker({ clock, shards: 1, maxUnread: 1e9 });
    const { reader, records } = await listening(eventLog);
    reader.take(0, START);
    for (let n = 0; n < 25_000; n++) void eventLog.append(new Map([[0, [numbered(n)]]]));
    await until(() => records.length === 25_000, 'all');
    const again = await listening(eventLog);
    again.reader.take(0, START);
    await until(() => numbersIn(again.records).at(-1) === 24_999, 'the end');
    expect(again.records.length).toBeGreaterThanOrEqual(10_000);
    expect(again.records.length).toBeLessThan(25_000);
    const latest = await listening(eventLog);
    const before = records[24_000]!;
    latest.reader.take(0, { nextOffset: before.offset + 1n, last: { timestamp: before.timestamp, hash: before.hash } });
    await until(() => latest.records.length > 0, 'the latest');
    expect(numbersIn(latest.records)[0]).toBe(24_001);
  });

  test('a new log knows no position of an older one', async () => {
    const first = open();
    const one = await listening(first.eventLog);
    one.reader.take(0, START);
    const second = createMemoryBroker({ clock: { ...first.clock, random: () => 0.123 }, shards: 1 });
    for (const log of [first.eventLog, second.eventLog]) for (let n = 0; n < 3; n++) await log.append(new Map([[0, [numbered(n)]]]));
    await first.until(() => one.records.length === 3, 'three');
    const two = await listening(second.eventLog);
    const last = one.records[1]!;
    two.reader.take(0, { nextOffset: 2n, last: { timestamp: last.timestamp, hash: last.hash } });
    await first.until(() => two.records.length === 3, 'all of the new log');
    expect(numbersIn(two.records)).toEqual([0, 1, 2]);
  });

  test('a consume that rejects is told of, and the next batch comes', async () => {
    const { clock, until } = open();
    const errors: unknown[] = [];
    const { eventLog } = createMemoryBroker({ clock, shards: 1, onError: (error) => errors.push(error) });
    let calls = 0;
    const reader = await eventLog.open(() => (++calls === 1 ? Promise.reject(new Error('no')) : Promise.resolve()));
    reader.take(0, START);
    await eventLog.append(new Map([[0, [numbered(0)]]]));
    await until(() => errors.length === 1, 'the error');
    await eventLog.append(new Map([[0, [numbered(1)]]]));
    await until(() => calls === 2, 'the next batch');
  });
});

describe('the work queue in memory', () => {
  workQueueContract(() => Promise.resolve(open()).then((world) => ({ ...world, queue: world.workQueue })));

  test('knows no inbox that was not provided', async () => {
    const { workQueue } = open();
    await workQueue.provide(1);
    await expect(workQueue.send(new Map([[1, [orderFor('s', 1)]]]))).rejects.toMatchObject({ code: 'BROKER_UNAVAILABLE' });
    await expect(workQueue.receive(1, () => Promise.resolve())).rejects.toMatchObject({ code: 'BROKER_UNAVAILABLE' });
  });
});
