import { lineText, MOST_LINES, speakerAt, withLines, type LogLine } from '../../web/src/dag/logLines';

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
