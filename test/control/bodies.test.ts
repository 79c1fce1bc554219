/** Bodies of commands: what is wrong with them is told by its path, at a cost that doesn't grow with what is wrong. */
import { createReadBody } from '../../src/control/bodies';
import { isRefusal, type Problem } from '../../src/core/refusal';
import type { ControlBody } from '../../src/control/schemas';

const read = createReadBody();
const problemsOf = (name: ControlBody, body: unknown): readonly Problem[] => {
  try {
    read(name, body);
  } catch (error) {
    if (isRefusal(error)) return error.problems;
    throw error;
  }
  return [];
};

test('everything that is wrong is named', () => {
  expect(problemsOf('RetryDagBody', { tasks: [true, 7], other: 1 })).toEqual([
    { path: 'other', message: expect.stringMatching(/^there is no such field here, only /) },
    expect.objectContaining({ path: 'tasks[0]' }),
    expect.objectContaining({ path: 'tasks[1]' }),
  ]);
});

test.each<[string, number, unknown]>([
  ['elements', 100, { tasks: Array.from({ length: 2_000_000 }, () => 0) }],
  ['lists', 25, { tasks: Array.from({ length: 2000 }, () => Array.from({ length: 1000 }, () => 0)) }],
  ['fields', 100, Object.fromEntries(Array.from({ length: 100_000 }, (_, i) => [`field${String(i)}`, 0]))],
])('very many wrong %s cost a moment', (_what, told, body) => {
  const before = process.cpuUsage();
  expect(problemsOf('RetryDagBody', body).length).toBe(told);
  expect(process.cpuUsage(before).user / 1000).toBeLessThan(400);
});

test('what is wrong behind all that is looked at is told as well', () => {
  const tasks = Array.from({ length: 10_000 }, (_, i) => `01a3185c-63c1-8002-bc3d-${String(i).padStart(12, '0')}`);
  expect(problemsOf('RetryDagBody', { tasks, reason: 'r'.repeat(5000) })).toEqual([expect.objectContaining({ path: 'reason' })]);
});
