import { readFileSync } from 'node:fs';
import path from 'node:path';
import { fromWorkflow, isWorkflow } from '../../src/sdk';

const fixture = (name: string): string => readFileSync(path.join(__dirname, '../fixtures', name), 'utf8');
const genome: unknown = JSON.parse(fixture('wfformat-1000genome-excerpt.json'));

const task = (id: string, rest: object = {}): object => ({ id, name: id, parents: [], children: [], ...rest });
const workflow = (tasks: readonly object[], executed: readonly object[] = []): unknown => ({
  workflow: { specification: { tasks }, execution: { tasks: executed } },
});

const edges = (document: unknown): readonly string[] =>
  fromWorkflow(document).tasks.flatMap(({ taskName, dependencies = [] }) => dependencies.map((parent) => `${parent} > ${taskName}`));

test('WfFormat: a second of the record becomes a millisecond', () => {
  const submission = fromWorkflow(genome);
  expect(submission.dagName).toBe('1000genome-20200401T035039Z-0');
  expect(submission.tasks).toHaveLength(5);
  expect(submission.tasks[0]).toEqual({ taskName: 'individuals_ID0000001', type: 'DATA_PROCESSING', dependencies: [], simulate: { durationMs: 54 } });
  expect(edges(genome)).toEqual([
    'individuals_ID0000001 > individuals_merge_ID0000011',
    'individuals_ID0000002 > individuals_merge_ID0000011',
    'sifting_ID0000012 > mutation_overlap_ID0000025',
    'individuals_merge_ID0000011 > mutation_overlap_ID0000025',
  ]);
});

test("scale, failure rate, retries and type are the caller's", () => {
  const submission = fromWorkflow(genome, { scale: 0, failureRate: 0.1, maxRetries: 8, type: 'API_CALL' });
  expect(submission.maxRetries).toBe(8);
  expect(submission.tasks[0]).toMatchObject({ type: 'API_CALL', simulate: { durationMs: 0, failureRate: 0.1 } });
});

test('slim lines', () => {
  const lines = fixture('workflows-slim.ndjson')
    .trim()
    .split('\n')
    .map((line): unknown => JSON.parse(line));
  const submissions = lines.map((line) => fromWorkflow(line));
  expect(submissions.map(({ dagName, tasks }) => `${dagName}: ${String(tasks.length)}`)).toMatchInlineSnapshot(`
    [
      "helloworld/helloworld-chain-5-chameleon.json: 5",
      "helloworld/helloworld-forkjoin-10-chameleon.json: 10",
    ]
  `);
  expect(submissions[0]?.tasks[1]?.dependencies).toEqual([submissions[0]?.tasks[0]?.taskName]);
});

test('names that two tasks share give way to ids', () => {
  const twins = workflow([task('a', { name: 'same' }), task('b', { name: 'same', parents: ['a'] })]);
  expect(edges(twins)).toEqual(['a > b']);
  const distinct = workflow([task('1', { name: 'a' }), task('2', { name: 'b', parents: ['1'] })]);
  expect(edges(distinct)).toEqual(['a > b']);
});

test('an edge told by either end, or by both, is one edge', () => {
  expect(edges(workflow([task('a', { children: ['b', 'c'] }), task('b', { parents: ['a'] }), task('c')]))).toEqual(['a > b', 'a > c']);
});

test('a parent that is not there is kept, so that the server can name it', () => {
  expect(edges(workflow([task('a', { parents: ['gone'] })]))).toEqual(['gone > a']);
});

test.each([[null], [[]], [{}], [{ tasks: 'x' }], [{ dagName: 'x', tasks: [{ taskName: 'a' }] }]])('no workflow: %j', (document) => {
  expect(isWorkflow(document)).toBe(false);
  expect(() => fromWorkflow(document)).toThrow(/^neither WfFormat/);
});

test('an older WfFormat is told apart', () => {
  expect(() => fromWorkflow({ workflow: { tasks: [] } })).toThrow('only WfFormat 1.5 is read');
});
