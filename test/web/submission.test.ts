import { converted, formatOf, parse, stepsOf } from '../../web/src/pages/submit/document';
import { layered, tasksIn } from '../../web/src/pages/submit/layers';

const YAML = 'dagName: typed\ntasks:\n  - taskName: a\n    type: API_CALL\n  - taskName: b\n    dependencies: [a, x]\n';

const parsed = (text: string, format: 'json' | 'yaml') => {
  const result = parse(text, format);
  if (result.kind === 'broken') throw new Error(JSON.stringify(result.problems));
  return result;
};

test('YAML becomes the JSON that is sent, JSON is sent as it was written', () => {
  expect(JSON.parse(parsed(YAML, 'yaml').json)).toEqual({
    dagName: 'typed',
    tasks: [
      { taskName: 'a', type: 'API_CALL' },
      { taskName: 'b', dependencies: ['a', 'x'] },
    ],
  });
  const exact = '{ "big": 12345678901234567890 }';
  expect(parsed(exact, 'json').json).toBe(exact);
});

test.each([
  ['tasks[1].dependencies[1]', 'x'],
  ['tasks[0].type', 'API_CALL'],
  ['dagName', 'typed'],
])('a problem at %s is shown at its place', (path, text) => {
  for (const [source, format] of [
    [YAML, 'yaml'],
    [converted(YAML, 'yaml', 'json'), 'json'],
  ] as const) {
    const [from, to] = parsed(source, format).rangeOf(path);
    expect(source.slice(from, to).replaceAll('"', '')).toBe(text);
  }
});

test('what is missing is shown at what it is missing in', () => {
  const [from, to] = parsed(YAML, 'yaml').rangeOf('tasks[1].type');
  expect(YAML.slice(from, to)).toContain('taskName: b');
});

test.each([
  ['tasks[2].dependencies[0]', ['tasks', 2, 'dependencies', 0]],
  ['tasks[0].payload["a b"].c', ['tasks', 0, 'payload', 'a b', 'c']],
  ['', []],
])('the steps of %s', (path, steps) => {
  expect(stepsOf(path)).toEqual(steps);
});

test.each([
  ['', 'json', 'There is nothing yet'],
  ['{ "a": }', 'json', 'JSON'],
  ['a: [1', 'yaml', ''],
  ['a: 1\na: 2', 'yaml', 'unique'],
] as const)('%j as %s is told to be broken, within the text', (text, format, words) => {
  const result = parse(text, format);
  const [problem] = result.kind === 'broken' ? result.problems : [];
  expect(problem?.message).toContain(words);
  expect(problem!.from).toBeLessThanOrEqual(problem!.to);
  expect(problem!.to).toBeLessThanOrEqual(text.length);
});

test('a text is turned into the other format and back', () => {
  const json = converted(YAML, 'yaml', 'json');
  expect([formatOf(json), formatOf(YAML)]).toEqual(['json', 'yaml']);
  expect(parsed(converted(json, 'json', 'yaml'), 'yaml').value).toEqual(parsed(YAML, 'yaml').value);
  expect(converted('{ broken', 'json', 'yaml')).toBe('{ broken');
});

const task = (name: string, ...dependencies: string[]) => ({ name, type: 'API_CALL', dependencies });
const layersOf = (...tasks: ReturnType<typeof task>[]) => Object.fromEntries(layered(tasks).tasks.map(({ name, layer }) => [name, layer]));

test('each task stands after the last of its dependencies', () => {
  expect(layersOf(task('d', 'b', 'c'), task('b', 'a'), task('c', 'b', 'b'), task('a'))).toEqual({ a: 0, b: 1, c: 2, d: 3 });
});

test('cycles, unknown names and repeated ones are drawn as far as they go', () => {
  expect(layersOf(task('a', 'b'), task('b', 'a'), task('c', 'nobody'), task('c'))).toEqual({ a: 0, b: 0, c: 0 });
  expect(layered([]).layers).toBe(0);
});

test('rows follow those of the dependencies', () => {
  const { tasks, edges, rows } = layered([task('a'), task('b'), task('b2', 'b'), task('a2', 'a')]);
  expect(tasks.filter(({ layer }) => layer === 1).map(({ name, row }) => [name, row])).toEqual([
    ['a2', 0],
    ['b2', 1],
  ]);
  expect([rows, edges.map(({ from, to }) => from.name + to.name).sort()]).toEqual([2, ['aa2', 'bb2']]);
});

test('tasks of what is half written are those that can be read', () => {
  expect(tasksIn({ tasks: [{ taskName: 'a', dependencies: ['b', 7] }, null, { type: 'X' }] })).toEqual([
    { name: 'a', type: '', dependencies: ['b'] },
  ]);
  expect([tasksIn(null), tasksIn({ tasks: 3 }), tasksIn([])]).toEqual([[], [], []]);
});
