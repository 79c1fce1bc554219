import type { PlannedDag } from '../../src/core/dag';
import type { SubmittedDag } from '../../src/plan/plan';
import { planOf, problemsOf, settings } from './planning';

const planned = (submitted: Partial<SubmittedDag>): PlannedDag => {
  const answer = planOf(submitted);
  if (answer.kind === 'refused') throw new Error(problemsOf(answer).join('\n'));
  return answer.dag;
};
const task = { taskName: 'a', type: 'API_CALL' };

describe('what holds where nothing is said', () => {
  test('by the deployment', () => {
    expect(planned({ tasks: [task] }).tasks[0]).toEqual({
      name: 'a',
      type: 'API_CALL',
      dependencies: [],
      priority: 5,
      tags: [],
      retry: settings.retry,
      timeoutSeconds: null,
      payload: null,
      simulate: null,
      options: null,
    });
  });

  test('options are kept only where they differ from the engine, and a task overrides its DAG', () => {
    const dag = planned({
      triggerRule: 'all_done',
      queueTimeoutSeconds: 5,
      dagTimeoutSeconds: 60,
      tasks: [
        task,
        { ...task, taskName: 'b', triggerRule: 'all_success', noRetryOn: [] },
        { ...task, taskName: 'c', totalTimeoutSeconds: 9, noRetryOn: ['EACCES'], maxTimeoutRetries: 0, progressTimeoutSeconds: 1 },
      ],
    });
    expect(dag.tasks.map(({ options }) => options)).toEqual([
      { triggerRule: 'all_done', queueTimeoutSeconds: 5 },
      { queueTimeoutSeconds: 5 },
      {
        triggerRule: 'all_done',
        queueTimeoutSeconds: 5,
        totalTimeoutSeconds: 9,
        noRetryOn: ['EACCES'],
        maxTimeoutRetries: 0,
        progressTimeoutSeconds: 1,
      },
    ]);
    expect(dag.dueAt).toBe(dag.createdAt + 60_000);
    const [asked, not] = planned({ requiresApproval: true, tasks: [task, { ...task, taskName: 'b', requiresApproval: false }] }).tasks;
    expect([asked!.options, not!.options]).toEqual([{ requiresApproval: true }, null]);
    expect(planned({ tasks: [task, { ...task, taskName: 'b', triggerRule: 'all_success' }] }).tasks.map(({ options }) => options)).toEqual([
      null,
      null,
    ]);
    expect(planned({ tasks: [task] }).dueAt).toBeNull();
  });

  test('by the DAG, and a task overrides it field by field', () => {
    const dag = planned({
      priority: 2,
      maxRetries: 7,
      timeoutSeconds: 30,
      tags: ['etl'],
      payload: { a: 1 },
      backoff: { initialMs: 100, jitter: null },
      simulate: { failureRate: 0.5, durationMs: [1, 2] },
      tasks: [
        task,
        {
          taskName: 'b',
          type: 'API_CALL',
          priority: 9,
          maxRetries: 0,
          tags: [],
          payload: null,
          backoff: { type: 'fixed' },
          simulate: { durationMs: 7 },
        },
      ],
    });
    expect(dag.tags).toEqual(['etl']);
    expect(dag.tasks[0]).toMatchObject({
      priority: 2,
      tags: ['etl'],
      timeoutSeconds: 30,
      payload: '{"a":1}',
      simulate: { failureRate: 0.5, durationMs: [1, 2] },
      retry: { maxRetries: 7, backoff: { ...settings.retry.backoff, initialMs: 100 } },
    });
    expect(dag.tasks[1]).toMatchObject({
      priority: 9,
      tags: [],
      timeoutSeconds: 30,
      payload: null,
      simulate: { failureRate: 0.5, durationMs: 7 },
      retry: { maxRetries: 0, backoff: { ...settings.retry.backoff, initialMs: 100, type: 'fixed' } },
    });
  });

  test('bounds of a duration that are the wrong way round are refused', () => {
    expect(problemsOf(planOf({ tasks: [{ ...task, simulate: { durationMs: [5, 1] } }] }))).toEqual([
      'tasks[0].simulate.durationMs: the shortest duration 5 is above the longest 1',
    ]);
  });

  test('payloads stay what they were', () => {
    const payload = { text: '\u0000 \ud800 ü', list: [1.5, null, true, { __proto__x: 1 }] };
    expect(JSON.parse(planned({ tasks: [{ ...task, payload }] }).tasks[0]!.payload!)).toEqual(payload);
    expect(planned({ tasks: [{ ...task, payload: false }] }).tasks[0]!.payload).toBe('false');
  });
});
