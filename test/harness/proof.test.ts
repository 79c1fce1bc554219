import type { DagSubmission } from '../../src/sdk';
import { flawless, type Proof, prove, type Ran, runAll } from './proof';
import { type Standalone, startStandalone } from './stacks';

const simulate = { durationMs: 5, failureRate: 0 };
const submission: DagSubmission = {
  dagName: 'pair',
  tasks: [
    { taskName: 'first', type: 'API_CALL', simulate },
    { taskName: 'second', type: 'API_CALL', dependencies: ['first'], simulate },
  ],
};

let stack: Standalone;

beforeAll(async () => {
  stack = await startStandalone();
}, 100_000);

/** The proof of a run whose rows were tampered with. */
const proofAfter = async (statement: string): Promise<Proof> => {
  const ran: readonly Ran[] = await runAll(stack, [submission]);
  expect(await prove(stack, ran)).toEqual(flawless([submission]));
  await stack.sql(statement, [ran[0]!.dagId]);
  return prove(stack, ran);
};

test.each([
  [
    'a task that started before its dependency was complete',
    `UPDATE tasks SET started_at = started_at - interval '1 minute' WHERE dag_id = $1 AND index = 1`,
  ],
  ['a dependency that never was completed', `UPDATE tasks SET status = 'FAILED' WHERE dag_id = $1 AND index = 0`],
])('the proof finds %s, both by the API and in the rows', async (_what, statement) => {
  const proof = await proofAfter(statement);
  expect(proof.complaints).not.toEqual([]);
  expect(proof.edges).toEqual({ edges: 1, early: 1 });
});

test.each([
  ['a task without a result', `UPDATE tasks SET completed_at = NULL WHERE dag_id = $1 AND index = 1`, { rows: { hollow: 1 } }],
  ['a task that is not final', `UPDATE tasks SET status = 'RUNNING' WHERE dag_id = $1 AND index = 1`, { rows: { open: 1 }, consistentDags: 0 }],
  ['a counter that is wrong', `UPDATE dags SET completed_tasks = 1 WHERE dag_id = $1`, { consistentDags: 0 }],
  ['a task that is missing', `DELETE FROM tasks WHERE dag_id = $1 AND index = 1`, { rows: { tasks: 1 }, consistentDags: 0 }],
])('the proof finds %s', async (_what, statement, found) => {
  const proof = await proofAfter(statement);
  expect(proof.complaints).not.toEqual([]);
  expect(proof).toMatchObject(found);
});
