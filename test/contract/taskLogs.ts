/** What every store of task logs does. */
import type { DagId } from '../../src/core/ids';
import type { LogChunk, TaskLogStore, TaskLogViews } from '../../src/ports/taskLogs';

export interface OpenLogs {
  readonly logs: TaskLogStore & TaskLogViews;
  /** A DAG that is there, and one that isn't. */
  readonly dag: DagId;
  readonly absent: DagId;
}

const BOUND = 1000;
const TASK = 3;

/** `open` answers an empty store. */
export const taskLogsContract = (open: () => Promise<OpenLogs>): void => {
  let { logs, dag, absent } = {} as OpenLogs;
  beforeEach(async () => {
    ({ logs, dag, absent } = await open());
  });
  const chunkOf = (first: number, texts: readonly string[], other: Partial<LogChunk> = {}): LogChunk => ({
    dag,
    task: TASK,
    fence: '9007199254740993',
    attempt: 1,
    worker: 'w1',
    first,
    count: texts.length,
    position: first * 100,
    bytes: texts.length * 100,
    ended: false,
    lines: JSON.stringify(texts.map((text, i) => [1_700_000_000_000 + first + i, 1, 0, text, { n: first + i }])),
    ...other,
  });
  const read = async (where: { attempt?: number; from?: string } = {}, limit = 100) =>
    (await logs.chunks({ dag, task: TASK }, where, limit)).map(({ first, missing, lines }) => [first, missing, lines.map(({ text }) => text).join()]);

  test('chunks come back as they came, in portions, each once', async () => {
    const odd = 'nul \u0000, "quotes" \\ {braces}, half \ud800, 🎈';
    await logs.keep([chunkOf(0, ['a', odd])], BOUND);
    await logs.keep([chunkOf(0, ['a', odd]), chunkOf(2, ['c'], { ended: true })], BOUND);
    const [first, second, ...more] = await logs.chunks({ dag, task: TASK }, {}, 10);
    expect(first).toMatchObject({ attempt: 1, worker: 'w1', first: 0, missing: 0, ended: false });
    expect(first!.lines).toEqual([
      { at: 1_700_000_000_000, level: 'info', stream: 'log', text: 'a', fields: { n: 0 } },
      { at: 1_700_000_000_001, level: 'info', stream: 'log', text: odd, fields: { n: 1 } },
    ]);
    expect([second!.first, second!.ended, more.length]).toEqual([2, true, 0]);
    expect(await read({ from: second!.id })).toEqual([[2, 0, 'c']]);
    expect(await read({}, 1)).toEqual([[0, 0, `a,${odd}`]]);
    expect(await logs.chunks({ dag, task: TASK + 1 }, {}, 10)).toEqual([]);
  });

  test('numbers that are not there are told where they are missing, by attempt and wherever the page begins', async () => {
    const later = { fence: '9007199254740995', attempt: 2, worker: 'w2' };
    await logs.keep([chunkOf(2, ['c']), chunkOf(0, ['x'], later), chunkOf(5, ['f']), chunkOf(4, [], { ...later, ended: true })], BOUND);
    expect(await read()).toEqual([
      [2, 2, 'c'],
      [0, 0, 'x'],
      [5, 2, 'f'],
      [4, 3, ''],
    ]);
    expect(await read({ attempt: 2 })).toEqual([
      [0, 0, 'x'],
      [4, 3, ''],
    ]);
    const [, , third] = await logs.chunks({ dag, task: TASK }, {}, 10);
    expect(await read({ from: third!.id, attempt: 1 })).toEqual([[5, 2, 'f']]);
  });

  test('of an attempt that says too much the first quarter and the newest lines stay', async () => {
    for (let i = 0; i < 30; i++) await logs.keep([chunkOf(i, [`line ${i}`])], BOUND);
    await logs.keep([chunkOf(0, ['another attempt'], { fence: '7' })], BOUND);
    const texts = (await read()).map(([, missing, text]) => `${String(missing)} ${String(text)}`);
    expect(texts.slice(0, 4)).toEqual(['0 line 0', '0 line 1', '0 line 2', '19 line 22']);
    expect(texts.slice(-2)).toEqual(['0 line 29', '0 another attempt']);
    expect(texts).toHaveLength(12);
  });

  test('what belongs to no DAG is dropped, and what is old is removed', async () => {
    const before = Date.now() - 1000;
    await logs.keep([chunkOf(0, ['a']), chunkOf(1, ['b']), { ...chunkOf(0, ['gone']), dag: absent }], BOUND);
    expect(await logs.chunks({ dag: absent, task: TASK }, {}, 10)).toEqual([]);
    expect(await logs.removeBefore(before, 10)).toBe(0);
    const after = Date.now() + 60_000;
    expect([await logs.removeBefore(after, 1), await logs.removeBefore(after, 10), await logs.removeBefore(after, 10)]).toEqual([1, 1, 0]);
    expect(await read()).toEqual([]);
  });

  test('the places in the feeds are kept', async () => {
    expect(await logs.places([1, 2])).toEqual([
      { shard: 1, next: 0n },
      { shard: 2, next: 0n },
    ]);
    await logs.keep([], BOUND, { shard: 1, next: 2n ** 53n + 1n });
    await logs.keep([chunkOf(0, ['a'])], BOUND, { shard: 2, next: 7n });
    await logs.keep([], BOUND, { shard: 2, next: 8n });
    expect(await logs.places([2, 1])).toEqual([
      { shard: 2, next: 8n },
      { shard: 1, next: 2n ** 53n + 1n },
    ]);
  });
};
