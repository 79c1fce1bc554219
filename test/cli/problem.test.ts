import { createPaint } from '../../src/cli/render/paint';
import { failureOf } from '../../src/cli/render/problem';
import { apiError } from '../../src/sdk/errors';

const paint = createPaint(false);

test('every wrong field stands on a line of its own', () => {
  const problem = {
    title: 'The graph is wrong',
    code: 'GRAPH_INVALID',
    detail: '2 problems',
    errors: [
      { path: 'tasks[3].dependencies[0]', message: 'no task "x" in this DAG (did you mean "y"?)' },
      { path: '', message: 'a cycle: a → b → a' },
    ],
  };
  expect(failureOf(apiError(422, problem), paint)).toEqual({
    code: 4,
    lines: [
      'the server refused: The graph is wrong 422 GRAPH_INVALID',
      '  tasks[3].dependencies[0]: no task "x" in this DAG (did you mean "y"?)',
      '  a cycle: a → b → a',
    ],
  });
});

test('hundreds of them are cut', () => {
  const errors = Array.from({ length: 100 }, (_, i) => ({ path: `tasks[${String(i)}]`, message: 'wrong' }));
  const lines = failureOf(apiError(400, { errors }), paint)?.lines ?? [];
  expect(lines).toHaveLength(22);
  expect(lines.at(-1)).toBe('  and 80 more');
});

test('what is not there has a code of its own', () => {
  expect(failureOf(apiError(404, { detail: 'there is no such DAG' }), paint)).toEqual({ code: 3, lines: ['not found: there is no such DAG'] });
});

test('a bug is none of these', () => {
  expect(failureOf(new TypeError('x is undefined'), paint)).toBeUndefined();
});
