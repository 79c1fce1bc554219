/** What every EventLog must do, whatever carries it. */
import type { Event } from '../../src/core/event';
import type { DagId } from '../../src/core/ids';
import type { LogPosition } from '../../src/ports/store';
import type { EventLog, LogReader, LogRecord } from '../../src/ports/transport';

export interface EventLogWorld {
  /** Empty at first, with four shards. */
  readonly log: EventLog;
  /** Waits for a condition, by whatever makes time pass here. */
  until(condition: () => boolean, what: string): Promise<void>;
  close(): Promise<void>;
}

export const numbered = (n: number): Event => ({ type: 'continued', dag: `dag-${String(n)}` as DagId });
const reportOf = (task: number, trace?: string): Event => ({
  ...{
    type: 'completed',
    dag: 'dag' as DagId,
    task,
    dispatch: 1,
    fence: '1',
    session: 's',
    worker: 'w',
    sentAt: 1,
    startedAt: 2,
    endedAt: 3,
    result: null,
  },
  ...(trace === undefined ? {} : { trace }),
});
const contextOf = (n: number): string => `00-4bf92f3577b34da6a3ce929d0e0e4736-${String(n).padStart(16, '0')}-01`;
export const numberOf = (event: Event): number => (event.type === 'continued' ? Number(event.dag.slice(4)) : NaN);
export const START: LogPosition = { nextOffset: 0n, last: null };
export const after = (record: LogRecord): LogPosition => ({
  nextOffset: record.offset + 1n,
  last: { timestamp: record.timestamp, hash: record.hash },
});
export const numbersIn = (records: readonly LogRecord[], shard = 0): number[] =>
  records.filter((record) => record.shard === shard).flatMap(({ events }) => events.map(numberOf));

/** A reader that keeps what it was given, and lets a test hold `consume` back. */
export const listening = async (log: EventLog): Promise<{ reader: LogReader; records: LogRecord[]; most(): number; hold(): () => void }> => {
  const records: LogRecord[] = [];
  let held: Promise<void> = Promise.resolve();
  let concurrent = 0;
  let most = 0;
  const reader = await log.open(async (batch) => {
    most = Math.max(most, ++concurrent);
    records.push(...batch);
    await held;
    concurrent--;
  });
  const hold = (): (() => void) => {
    let open!: () => void;
    held = new Promise((resolve) => {
      open = resolve;
    });
    return open;
  };
  return { reader, records, most: () => most, hold };
};

const readsInOrder = (world: () => EventLogWorld): void => {
  test('delivers what was appended, each shard in its order', async () => {
    const { log, until } = world();
    const { reader, records } = await listening(log);
    for (let shard = 0; shard < 4; shard++) reader.take(shard, START);
    const sent = [];
    for (let n = 0; n < 200; n++)
      sent.push(
        log.append(
          new Map([
            [n % 4, [numbered(n)]],
            [(n + 1) % 4, [numbered(n + 1000)]],
          ]),
        ),
      );
    await Promise.all(sent);
    await until(() => records.flatMap(({ events }) => events).length === 400, 'all events');
    for (let shard = 0; shard < 4; shard++) {
      const own = records.filter((record) => record.shard === shard);
      const numbers = numbersIn(own, shard);
      const order = (n: number): number => n % 1000;
      expect(numbers).toEqual([...numbers].sort((a, b) => order(a) - order(b)));
      for (let i = 1; i < own.length; i++) {
        expect(own[i]!.offset).toBeGreaterThan(own[i - 1]!.offset);
        expect(own[i]!.timestamp).toBeGreaterThanOrEqual(own[i - 1]!.timestamp);
      }
    }
    await reader.close();
  });

  test('reads nothing but what was taken, and nothing after a drop', async () => {
    const { log, until } = world();
    const { reader, records } = await listening(log);
    reader.take(1, START);
    await log.append(
      new Map([
        [0, [numbered(1)]],
        [1, [numbered(2)]],
      ]),
    );
    await until(() => records.length === 1, 'the taken shard');
    reader.drop(1);
    reader.take(2, START);
    await log.append(
      new Map([
        [0, [numbered(3)]],
        [1, [numbered(4)]],
        [2, [numbered(5)]],
      ]),
    );
    await until(() => records.some(({ shard }) => shard === 2), 'the other shard');
    reader.take(1, after(records[0]!));
    await until(() => records.length === 3, 'the shard that was taken again');
    expect(records.map(({ shard, events }) => [shard, numberOf(events[0]!)])).toEqual([
      [1, 2],
      [2, 5],
      [1, 4],
    ]);
    await reader.close();
    await log.append(new Map([[1, [numbered(6)]]]));
    expect(records).toHaveLength(3);
  });

  test('one reader disturbs no other', async () => {
    const { log, until } = world();
    const one = await listening(log);
    const two = await listening(log);
    const release = one.hold();
    one.reader.take(0, START);
    two.reader.take(0, START);
    for (let n = 0; n < 5; n++) await log.append(new Map([[0, [numbered(n)]]]));
    await until(() => numbersIn(two.records).length === 5, 'all at the second');
    release();
    await until(() => numbersIn(one.records).length === 5, 'all at the first');
    await Promise.all([one.reader.close(), two.reader.close()]);
  });
};

const findsItsPlace = (world: () => EventLogWorld): void => {
  const filled = async (count: number): Promise<LogRecord[]> => {
    const { log, until } = world();
    const { reader, records } = await listening(log);
    reader.take(0, START);
    for (let n = 0; n < count; n++) await log.append(new Map([[0, [numbered(n)]]]));
    await until(() => records.length === count, 'all records');
    await reader.close();
    return records;
  };
  const readFrom = async (position: LogPosition, count: number): Promise<number[]> => {
    const { log, until } = world();
    const { reader, records } = await listening(log);
    reader.take(0, position);
    await until(() => records.length >= count, `${String(count)} records`);
    await reader.close();
    return numbersIn(records);
  };

  test('goes on after a position that fits', async () => {
    const records = await filled(6);
    expect(await readFrom(after(records[2]!), 3)).toEqual([3, 4, 5]);
  });

  test.each([
    ['another hash', (record: LogRecord): LogPosition => ({ ...after(record), last: { timestamp: record.timestamp, hash: 'another' } })],
    ['another time', (record: LogRecord): LogPosition => ({ ...after(record), last: { timestamp: record.timestamp - 1, hash: record.hash } })],
    ['an offset beyond the end', (record: LogRecord): LogPosition => ({ ...after(record), nextOffset: 1_000n })],
    ['an offset just beyond the end', (record: LogRecord): LogPosition => ({ ...after(record), nextOffset: record.offset + 4n })],
  ])('begins at the earliest where the position has %s', async (_what, spoil) => {
    const records = await filled(6);
    expect(await readFrom(spoil(records[3]!), 6)).toEqual([0, 1, 2, 3, 4, 5]);
  });

  test('a position at the very end delivers only what comes', async () => {
    const { log, until } = world();
    const records = await filled(3);
    const next = await listening(log);
    next.reader.take(0, after(records[2]!));
    await log.append(new Map([[0, [numbered(3)]]]));
    await until(() => next.records.length > 0, 'the new one');
    expect(numbersIn(next.records)).toEqual([3]);
    await next.reader.close();
  });
};

const isSlowedDown = (world: () => EventLogWorld): void => {
  test('the next batch comes after consume resolved, and nothing is lost meanwhile', async () => {
    const { log, until } = world();
    const { reader, records, most, hold } = await listening(log);
    const release = hold();
    reader.take(0, START);
    reader.take(1, START);
    await log.append(new Map([[0, [numbered(0)]]]));
    await until(() => records.length === 1, 'the first record');
    for (let n = 1; n < 50; n++) await log.append(new Map([[n % 2, [numbered(n)]]]));
    expect(records).toHaveLength(1);
    release();
    await until(() => records.flatMap(({ events }) => events).length === 50, 'the others');
    expect(most()).toBe(1);
    await reader.close();
  });

  test('what was fetched for an earlier take is never delivered to a later one', async () => {
    const { log, until } = world();
    const { reader, records, hold } = await listening(log);
    reader.take(0, START);
    for (let n = 0; n < 10; n++) await log.append(new Map([[0, [numbered(n)]]]));
    await until(() => numbersIn(records).length === 10, 'ten records');
    for (let round = 0; round < 15; round++) {
      const from = records.find((record) => numberOf(record.events[0]!) === round % 10)!;
      const release = hold();
      const before = records.length;
      await log.append(new Map([[0, [numbered(100 + round)]]]));
      reader.drop(0);
      reader.take(0, after(from));
      release();
      await until(
        () =>
          numbersIn(records.slice(before)).includes(100 + round) &&
          numbersIn(records.slice(before)).includes((round % 10) + 1 === 10 ? 100 : (round % 10) + 1),
        `round ${String(round)}`,
      );
      const again = numbersIn(records.slice(before));
      const start = again.lastIndexOf((round % 10) + 1 === 10 ? 100 : (round % 10) + 1);
      const whole = [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, ...Array.from({ length: round + 1 }, (_, i) => 100 + i)];
      await until(() => numbersIn(records.slice(before)).at(-1) === 100 + round, 'the newest at the end');
      expect(numbersIn(records.slice(before)).slice(start)).toEqual(whole.slice((round % 10) + 1));
    }
    await reader.close();
  });
};

export const eventLogContract = (open: () => Promise<EventLogWorld>): void => {
  let world: EventLogWorld;
  beforeEach(async () => {
    world = await open();
  });
  afterEach(async () => {
    await world.close();
  });
  readsInOrder(() => world);
  findsItsPlace(() => world);
  isSlowedDown(() => world);
  test('the trace of each report comes with it, and what has none has none', async () => {
    const { log, until } = world;
    const { reader, records } = await listening(log);
    reader.take(0, START);
    const events: Event[] = [numbered(1), reportOf(1, contextOf(1)), reportOf(2), numbered(2), reportOf(3, contextOf(3))];
    await log.append(new Map([[0, events]]));
    await log.append(new Map([[0, [reportOf(4, contextOf(4))]]]));
    await until(() => records.length >= 2, 'both records');
    expect(records.flatMap((record) => record.events)).toEqual([...events, reportOf(4, contextOf(4))]);
    await reader.close();
  });
  test('answers whether it is there', async () => {
    await expect(world.log.ping()).resolves.toBeUndefined();
  });
};
