import type { DagBody } from './bodies';
import { openWorld } from './world';

test('100,000 tasks with 1,000,000 dependencies are taken at once and shown again', async () => {
  const world = await openWorld({ tasksPerDag: 100_000, edgesPerDag: 1_000_000, bodyBytes: 67_108_864 });
  const tasks = Array.from({ length: 100_000 }, (_, i) => ({
    taskName: `task-${i}`,
    type: 'DATA_PROCESSING',
    dependencies: Array.from({ length: Math.min(i, 10) }, (_x, d) => `task-${i - 1 - d}`),
  }));
  const answer = await world.http.post('/api/v1/dags').send({ dagName: 'large', tasks });
  expect(answer.status).toBe(201);
  const { dagId, totalTasks } = answer.body as DagBody;
  expect(totalTasks).toBe(100_000);
  expect(await world.rows()).toEqual({ dags: 1, tasks: 100_000 });
  const shown = (await world.http.get(`/api/v1/dags/${dagId}/tasks`)).body as { dependencies: string[] }[];
  expect(shown).toHaveLength(100_000);
  expect(shown.reduce((sum, { dependencies }) => sum + dependencies.length, 0)).toBe(999_945);
}, 120_000);
