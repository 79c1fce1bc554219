/** The runs that every stack must bring to their ends: the same for the distributed one and for standalone. */
import type { DagView } from '../../src/sdk';
import { flawless, prove, type Ran, runAll } from '../harness/proof';
import { allShapes, examples, scientificWorkflows } from '../harness/recordedWorkflows';
import type { Stack } from '../harness/stacks';

const statuses = (stack: Stack, ran: readonly Ran[]): Promise<[string, DagView['status']][]> =>
  Promise.all(
    ran.map(async ({ dagId }): Promise<[string, DagView['status']]> => {
      const { dagName, status } = await stack.api.dag(dagId);
      return [dagName, status];
    }),
  );

const tell = (what: string): void => {
  process.stdout.write(`${what}\n`);
};

const attemptsOf = async (stack: Stack, ran: readonly Ran[]): Promise<{ attempts: number; most: number }> => {
  const rows = await stack.sql<{ attempts: number; most: number }>(
    'SELECT sum(attempt)::int AS attempts, max(attempt)::int AS most FROM tasks WHERE dag_id = ANY($1::uuid[])',
    [ran.map(({ dagId }) => dagId)],
  );
  return rows[0]!;
};

/** Registers the tests. `stack` is asked for when they run. */
export const wholeRuns = (stack: () => Stack): void => {
  test('the examples end as they should', async () => {
    const ran = await runAll(stack(), examples());
    expect(await prove(stack(), ran)).toEqual(flawless(examples()));
    const ended = new Map(await statuses(stack(), ran));
    expect(ended.get('Failure Handling')).toBe('FAILED');
    ended.delete('Failure Handling');
    expect([...ended.values()]).toEqual(Array.from({ length: examples().length - 1 }, () => 'COMPLETED'));
  }, 60_000);

  test('the twelve scientific workflows run to their ends', async () => {
    const workflows = scientificWorkflows();
    expect([workflows.length, workflows.flatMap(({ tasks }) => tasks).length]).toEqual([12, 1_546]);
    const ran = await runAll(stack(), workflows);
    expect(await prove(stack(), ran)).toEqual(flawless(workflows));
    expect(new Set((await statuses(stack(), ran)).map(([, status]) => status))).toEqual(new Set(['COMPLETED']));
  }, 90_000);

  test.each([0, 0.1])(
    'the shapes of all 167 recorded workflows at a failure rate of %d',
    async (failureRate) => {
      const shapes = allShapes(failureRate);
      const began = performance.now();
      const ran = await runAll(stack(), shapes);
      const seconds = (performance.now() - began) / 1_000;
      const proof = await prove(stack(), ran);
      expect(proof).toEqual(flawless(shapes));
      expect([proof.consistentDags, proof.rows.tasks, proof.edges.edges]).toEqual([167, 64_321, 132_051]);
      expect(new Set((await statuses(stack(), ran)).map(([, status]) => status))).toEqual(new Set(['COMPLETED']));
      const { attempts, most } = await attemptsOf(stack(), ran);
      // 64,321 draws: six standard deviations are 500.
      const expected = 64_321 / (1 - failureRate);
      expect(Math.abs(attempts - expected)).toBeLessThanOrEqual(failureRate === 0 ? 0 : 700);
      expect(most).toBeLessThanOrEqual(9);
      tell(
        `167 workflows, failure rate ${failureRate}: ${attempts} attempts in ${seconds.toFixed(1)} s, ${Math.round(attempts / seconds)} a second; proved after ${((performance.now() - began) / 1_000).toFixed(1)} s`,
      );
    },
    180_000,
  );
};
