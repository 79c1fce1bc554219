import { changeLines } from '../../src/cli/render/changes';
import { dagLines } from '../../src/cli/render/dag';
import { levelsOf, treeOf } from '../../src/cli/render/graph';
import { createPaint } from '../../src/cli/render/paint';
import { bar, durationText, table } from '../../src/cli/render/words';
import { clip, createTerminal } from '../../src/cli/terminal';
import type { TaskView } from '../../src/sdk';
import { at, dagView, failure, pipeline, START, taskView } from './views';

const paint = createPaint(false);
const picture = (tasks: readonly TaskView[], mostTasks = 60): string =>
  ['', ...dagLines(dagView({ completedTasks: 3, totalTasks: tasks.length }), tasks, { paint, now: START + 4_000, mostTasks }), ''].join('\n');

test('a small DAG is a tree, each task under its deepest dependency', () => {
  expect(picture(pipeline)).toMatchInlineSnapshot(`
    "
    Nightly  RUNNING  ████████░░░░░░░░░░░░  3/7  4.0 s
      ✔ orders  310 ms
      └─ ✔ validate  100 ms  (also after customers)
         ├─ ↻ transform  retry 1 of 3 in 400 ms: the shop said no
         │  └─ ○ load  (also after aggregate, orders)
         │     └─ ○ notify
         └─ ● aggregate  500 ms  retry 1 of 3  25 %
      ✔ customers  1.3 s  after 2 retries
    "
  `);
});

test('what failed says why, and what it took with it', () => {
  const tasks = [
    taskView('a', [], { status: 'FAILED', attempt: 4, startedAt: at(0), completedAt: at(5), error: failure }),
    taskView('b', ['a'], { status: 'SKIPPED' }),
    taskView('c', [], { status: 'QUEUED' }),
    taskView('d', [], { status: 'CANCELLED' }),
  ];
  const dag = dagView({ status: 'FAILED', totalTasks: 4, failedTasks: 1, skippedTasks: 1, cancelledTasks: 1, completedAt: at(90_000) });
  expect(['', ...dagLines(dag, tasks, { paint, now: START, mostTasks: 10 }), ''].join('\n')).toMatchInlineSnapshot(`
    "
    Nightly  FAILED  ███████████████░░░░░  3/4  1 failed  1 skipped  1 cancelled  1 m 30 s
      ✖ a  after 4 attempts: the shop said no
      └─ ⊘ b
      ◌ c
      ⊘ d
    "
  `);
});

test('a large DAG is summed up by level and type', () => {
  const first = Array.from({ length: 20 }, (_, i) => taskView(`a${String(i)}`, [], { status: 'COMPLETED' }));
  const second = Array.from({ length: 20 }, (_, i) =>
    taskView(`b${String(i)}`, [`a${String(i)}`], {
      type: 'API_CALL',
      status: i < 5 ? 'COMPLETED' : i < 8 ? 'RUNNING' : i < 9 ? 'RETRYING' : i < 10 ? 'FAILED' : 'PENDING',
    }),
  );
  const chain = Array.from({ length: 15 }, (_, i) => taskView(`c${String(i)}`, [i === 0 ? 'b0' : `c${String(i - 1)}`]));
  expect(picture([...first, ...second, ...chain], 20)).toMatchInlineSnapshot(`
    "
    Nightly  RUNNING  █░░░░░░░░░░░░░░░░░░░  3/55  4.0 s
      level 1: 20 tasks ended
      level  2  ██████░░░░░░░░░░░░░░ 6/20  3 running  1 waiting for a retry  1 failed
      level  3  ░░░░░░░░░░░░░░░░░░░░ 0/1
      level  4  ░░░░░░░░░░░░░░░░░░░░ 0/1
      level  5  ░░░░░░░░░░░░░░░░░░░░ 0/1
      level  6  ░░░░░░░░░░░░░░░░░░░░ 0/1
      level  7  ░░░░░░░░░░░░░░░░░░░░ 0/1
      level  8  ░░░░░░░░░░░░░░░░░░░░ 0/1
      level  9  ░░░░░░░░░░░░░░░░░░░░ 0/1
      level 10  ░░░░░░░░░░░░░░░░░░░░ 0/1
      level 11  ░░░░░░░░░░░░░░░░░░░░ 0/1
      level 12  ░░░░░░░░░░░░░░░░░░░░ 0/1
      level 13  ░░░░░░░░░░░░░░░░░░░░ 0/1
      levels 14-17: 4 tasks to come
      DATA_PROCESSING  ███████████░░░░░░░░░ 20/35
      API_CALL         ██████░░░░░░░░░░░░░░ 6/20  3 running  1 waiting for a retry  1 failed
    "
  `);
});

test('lines tell what changed, and nothing twice', () => {
  const now = START + 4_000;
  const dag = dagView();
  const before = { dag, tasks: pipeline.map((task) => (task.taskName === 'transform' ? { ...task, status: 'RUNNING' as const } : task)) };
  const all = changeLines({ dag, tasks: pipeline }, undefined, { paint, now });
  expect(['', ...all, ''].join('\n')).toMatchInlineSnapshot(`
    "
    +4.0 s    orders     COMPLETED  310 ms
    +4.0 s    customers  COMPLETED  1.3 s  attempt 3 of 4
    +4.0 s    validate   COMPLETED  100 ms
    +4.0 s    transform  RETRYING   attempt 1 of 4 failed: the shop said no; retry in 400 ms
    +4.0 s    aggregate  RUNNING    attempt 2 of 4
    "
  `);
  expect(changeLines({ dag, tasks: pipeline }, before, { paint, now })).toEqual([all[3]]);
  expect(changeLines(before, before, { paint, now })).toEqual([]);
});

test('many tasks are told by their counters', () => {
  const tasks = Array.from({ length: 200 }, (_, i) => taskView(`t${String(i)}`, [], { status: i < 50 ? 'RUNNING' : 'PENDING' }));
  const seen = { dag: dagView({ totalTasks: 200, completedTasks: 10 }), tasks };
  expect(changeLines(seen, undefined, { paint, now: START + 1_000 })).toEqual(['+1.0 s    10/200 completed, 50 running']);
  expect(changeLines(seen, seen, { paint, now: START + 2_000 })).toEqual([]);
});

test('colours are there where they are wanted', () => {
  const [line = ''] = dagLines(dagView(), [], { paint: createPaint(true), now: START, mostTasks: 1 });
  expect(line).toContain('\x1b[36mRUNNING\x1b[0m');
  expect(picture(pipeline)).not.toContain('\x1b');
});

test('a line is cut at its visible characters', () => {
  expect(clip('abcdef', 6)).toBe('abcdef');
  expect(clip('abcdef', 4)).toBe('abc…');
  expect(clip('\x1b[31mabcdef\x1b[0m', 4)).toBe('\x1b[31mabc…\x1b[0m');
});

test.each([
  ['日本語', 6, '日本語'],
  ['日本語テキスト', 6, '日本…'],
  ['日本語テキスト', 7, '日本語…'],
  ['🚀🚀🚀', 5, '🚀🚀…'],
  ['한국어 text', 8, '한국어 …'],
  ['e\u0301e\u0301e\u0301', 3, 'e\u0301e\u0301e\u0301'],
])('of %s %d columns are %s', (line, columns, shown) => {
  expect(clip(line, columns)).toBe(shown);
});

test('100,000 tasks in one fan-out are sorted into levels at once', () => {
  const middle = Array.from({ length: 100_000 }, (_, i) => taskView(`t${String(i)}`, ['first']));
  const levels = levelsOf([
    taskView('first', []),
    ...middle,
    taskView(
      'last',
      middle.map(({ taskName }) => taskName),
    ),
  ]);
  expect([levels.get('first'), levels.get('t99999'), levels.get('last')]).toEqual([0, 1, 2]);
});

test('a chain of 100,000 tasks is drawn, and no wider than anybody can read', () => {
  const chain = Array.from({ length: 100_000 }, (_, i) => taskView(`t${String(i)}`, i === 0 ? [] : [`t${String(i - 1)}`]));
  const lines = dagLines(dagView(), chain, { paint, now: START, mostTasks: Infinity });
  expect(lines).toHaveLength(100_001);
  expect(lines.slice(1, 4)).toEqual(['  ○ t0', '  └─ ○ t1', '     └─ ○ t2']);
  expect(lines.at(-1)).toMatch(/^ {122}└… ○ t99999$/);
});

test('names of others do not colour what is ours', () => {
  const nasty = '\x1b[31mred\x1b[0m';
  const [head, task] = dagLines(dagView({ dagName: nasty }), [taskView(nasty, [])], { paint: createPaint(true), now: START, mostTasks: 1 });
  expect(head).toMatch(/^\x1b\[1m\[31mred \[0m\x1b\[0m {2}/);
  expect(task).toBe('  \x1b[2m○\x1b[0m  [31mred [0m');
});

test('every task is in the tree once', () => {
  const names = (branches: ReturnType<typeof treeOf>): string[] => branches.flatMap(({ task, children }) => [task.taskName, ...names(children)]);
  expect(names(treeOf(pipeline)).sort()).toEqual(pipeline.map(({ taskName }) => taskName).sort());
});

test.each([
  [0, '0 ms'],
  [999, '999 ms'],
  [1_000, '1.0 s'],
  [65_000, '1 m 05 s'],
  [7_800_000, '2 h 10 m'],
  [-5, '0 ms'],
])('%d ms is %s', (ms, text) => {
  expect(durationText(ms)).toBe(text);
});

test('bars and tables', () => {
  expect([bar(0, 0, 4), bar(1, 2, 4), bar(4, 4, 4)]).toEqual(['░░░░', '██░░', '████']);
  expect(
    table([
      ['a', 'b'],
      ['long', 'c'],
    ]),
  ).toEqual(['a     b', 'long  c']);
  expect(
    table([
      ['名', 'b'],
      ['long', 'c'],
    ]),
  ).toEqual(['名    b', 'long  c']);
});

test('names can colour a terminal, and do nothing else to it', () => {
  const written: string[] = [];
  const stream = { write: (text: string) => written.push(text), columns: 80, rows: 24, isTTY: true };
  const terminal = createTerminal({ stdout: stream, stderr: stream, colours: true });
  const nasty = '\x1b[2J\x1b]0;title\x07a\rb\x9bz';
  terminal.out(`\x1b[31mred\x1b[0m\t${nasty}`);
  terminal.note(nasty);
  terminal.redraw([`${nasty}\nmore`]);
  const shown = '\ufffd[2J\ufffd]0;title\ufffda\ufffdb\ufffdz';
  expect(written).toEqual([`\x1b[31mred\x1b[0m\t${shown}\n`, `${shown}\n`, `\x1b[J${shown} more\n`]);
});
