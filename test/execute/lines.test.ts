import type { LogLine } from '../../src/core/logLine';
import { createLineWindow, sizeOfLine } from '../../src/execute/isolation/lineWindow';
import { createLineCutter } from '../../src/execute/lineCutter';

const lineOf = (text: string): LogLine => ({ at: 0, level: 'info', stream: 'stdout', text, fields: null, skipped: 0 });

const start = (lines: number) => {
  const sent: string[] = [];
  const size = lines * sizeOfLine(lineOf('0'));
  const window = createLineWindow({
    windowSize: size,
    waitingSize: size,
    send: (member, { text, skipped }) => {
      sent.push(`${member} ${skipped} ${text}`);
    },
  });
  return { window, sent, size };
};

test('lines leave at once until enough are under way; then the newest wait, and what they pushed out is counted', () => {
  const { window, sent, size } = start(2);
  for (let i = 0; i < 9; i++) window.say(0, lineOf(String(i)));
  expect(sent).toEqual(['0 0 0', '0 0 1']);
  window.taken(size / 2);
  expect(sent).toHaveLength(3);
  window.flush();
  const numbers = sent.map((each) => each.split(' ').map(Number));
  // Sent and skipped together are all of them, in their order.
  expect(numbers.reduce((sum, [, skipped]) => sum + 1 + skipped!, 0)).toBe(9);
  expect(sent.at(-1)).toMatch(/ 8$/);
  expect(numbers.map(([, , text]) => text)).toEqual([...numbers.map(([, , text]) => text!)].sort((a, b) => a - b));
});

test('what one task of a batch lost is told of that one, also where nothing of it follows', () => {
  const { window, sent } = start(1);
  window.say(0, lineOf('0'));
  window.say(1, lineOf('1'));
  for (let i = 2; i < 8; i++) window.say(2, lineOf(String(i)));
  window.flush();
  expect(sent).toContain('1 1 the last lines were lost');
});

test('text is cut into lines however it comes', () => {
  const said: string[] = [];
  const cutter = createLineCutter((line, level) => {
    said.push(`${level ?? '-'} ${line}`);
  });
  cutter.push('a');
  cutter.push('b\nc\r\n\nd', 'warn');
  cutter.push('e', 'error');
  expect(said).toEqual(['warn ab', 'warn c', 'warn ']);
  cutter.flush();
  cutter.flush();
  expect(said.slice(3)).toEqual(['error de']);
  cutter.push('x'.repeat(200_000));
  expect(said.slice(4).map(({ length }) => length)).toEqual([65_538, 65_538, 65_538]);
});
