import { failureOf } from '../../web/src/api/problem';
import { createFollowing, type Log, type LogPage } from '../../web/src/dag/following';
import { lineText, MOST_LINES, speakerAt, withLines, type LogLine } from '../../web/src/dag/logLines';
import { HIDDEN_MS } from '../../web/src/live/sight';
import { type FakeSource, fakeSight, fakeSource } from './fakes';

const line = (number: number, said: Partial<LogLine> = {}): LogLine => ({
  id: `1-${number}`,
  attempt: 1,
  worker: 'w1',
  line: number,
  time: '2026-01-01T00:00:00.000Z',
  level: 'info',
  stream: 'log',
  text: `line ${number}`,
  fields: null,
  dropped: null,
  ...said,
});

test('lines that come twice, by a page and by the stream, are shown once', () => {
  expect(withLines([line(1), line(2)], [line(2), line(3)]).map(({ id }) => id)).toEqual(['1-1', '1-2', '1-3']);
});

test('the oldest go where they become too many', () => {
  const many = Array.from({ length: MOST_LINES }, (_, i) => line(i));
  const lines = withLines(many, [line(MOST_LINES)]);
  expect([lines.length, lines[0]!.line, lines.at(-1)!.line]).toEqual([MOST_LINES, 1, MOST_LINES]);
});

test('who speaks is said where it isn’t always the same', () => {
  const told = (...lines: readonly LogLine[]) => lines.map((_, i) => speakerAt(lines, i));
  expect(told(line(1), line(2))).toEqual([undefined, undefined]);
  expect(told(line(1), line(2), line(3, { worker: 'w2' }), line(1, { worker: 'w2', attempt: 2 }))).toEqual([
    'Attempt 1 on w1',
    undefined,
    'Attempt 1 on w2',
    'Attempt 2 on w2',
  ]);
});

test('a line says what came with it, or how many are missing', () => {
  expect(lineText(line(1, { fields: { rows: 3 } }))).toBe('line 1 {"rows":3}');
  expect(lineText(line(1, { dropped: 7 }))).toContain('7 lines are missing');
});

describe('a log that is followed', () => {
  beforeEach(() => {
    jest.useFakeTimers();
  });
  afterEach(() => {
    jest.useRealTimers();
  });

  const page = (...items: readonly LogLine[]): LogPage => ({ items, nextCursor: null });

  /** Reads are answered one after another; beyond them there is nothing new. */
  const following = async (...answers: readonly (LogPage | Error)[]) => {
    const left = [...answers];
    const asked: (string | undefined)[] = [];
    const sources: FakeSource[] = [];
    const logs: Log[] = [];
    const sight = fakeSight();
    const task = { mayGoOn: true };
    const made = createFollowing({
      read: (after) => {
        asked.push(after);
        const answer = left.shift() ?? page();
        return answer instanceof Error ? Promise.reject(answer) : Promise.resolve(answer);
      },
      open: (after) => {
        sources.push(fakeSource(after ?? ''));
        return sources.at(-1)!;
      },
      mayGoOn: () => task.mayGoOn,
      sight,
      show: (log) => logs.push(log),
    });
    await jest.advanceTimersByTimeAsync(0);
    return { ...made, asked, sources, sight, task, stage: () => logs.at(-1)?.stage, lines: () => logs.at(-1)?.lines.map((each) => each.line), logs };
  };

  test('is read to its end, then line by line until the server says that it is over', async () => {
    const { asked, sources, stage, lines } = await following({ items: [line(1)], nextCursor: '1-1+' }, page(line(2)));
    sources[0]!.say('line', line(3));
    expect([asked, sources.map(({ address }) => address), stage(), lines()]).toEqual([[undefined, '1-1+'], ['1-2'], 'follows', [1, 2, 3]]);
    sources[0]!.say('end');
    await jest.advanceTimersByTimeAsync(600_000);
    expect([stage(), sources.length, sources[0]!.readyState]).toEqual(['over', 1, 2]);
  });

  test('gives its connection back while nobody sees it, and goes on from its last line when it is seen again', async () => {
    const { asked, sources, sight, stage, lines } = await following(page(line(1)), page(line(3)));
    sources[0]!.say('line', line(2));
    sight.hide();
    await jest.advanceTimersByTimeAsync(HIDDEN_MS - 1);
    expect(stage()).toBe('follows');
    await jest.advanceTimersByTimeAsync(1);
    expect([stage(), sources[0]!.readyState]).toEqual(['rests', 2]);
    sight.show();
    await jest.advanceTimersByTimeAsync(0);
    expect([asked, sources[1]!.address, stage(), lines()]).toEqual([[undefined, '1-2'], '1-3', 'follows', [1, 2, 3]]);
  });

  test('keeps its connection where somebody looks again soon', async () => {
    const { sources, sight, stage } = await following();
    sight.hide();
    await jest.advanceTimersByTimeAsync(HIDDEN_MS - 1);
    sight.show();
    await jest.advanceTimersByTimeAsync(600_000);
    expect([sources.length, stage()]).toEqual([1, 'follows']);
  });

  test('goes on a few seconds after it was refused, but not where its task ended meanwhile', async () => {
    const { asked, sources, stage, lines, task } = await following(page(line(1)), page(line(2)), page(line(3)));
    sources[0]!.giveUp();
    expect(stage()).toBe('rests');
    await jest.advanceTimersByTimeAsync(5_000);
    expect([stage(), sources[1]!.address]).toEqual(['follows', '1-2']);
    task.mayGoOn = false;
    sources[1]!.giveUp();
    await jest.advanceTimersByTimeAsync(600_000);
    // What came last is read all the same.
    expect([stage(), sources.length, asked, lines()]).toEqual(['over', 2, [undefined, '1-1', '1-2'], [1, 2, 3]]);
  });

  test('that could not be read is read again by itself where that may help, and keeps what it has', async () => {
    const { logs, asked, sources, stage } = await following(failureOf(503, ''), page(line(1)));
    expect([stage(), logs.at(-1)!.error]).toMatchObject(['rests', { status: 503 }]);
    await jest.advanceTimersByTimeAsync(5_000);
    expect([stage(), logs.at(-1)!.error, asked.length, sources.length]).toEqual(['follows', undefined, 2, 1]);
    const gone = await following(failureOf(404, ''));
    await jest.advanceTimersByTimeAsync(600_000);
    expect([gone.stage(), gone.asked.length]).toEqual(['rests', 1]);
    gone.goOn();
    expect(gone.asked).toHaveLength(2);
  });

  test('is left alone once nobody is there', async () => {
    const { end, sources, sight, logs } = await following(page(line(1)));
    end();
    const shown = logs.length;
    sight.hide();
    sight.show();
    await jest.advanceTimersByTimeAsync(600_000);
    expect([sources.length, sources[0]!.readyState, logs.length]).toEqual([1, 2, shown]);
  });
});
