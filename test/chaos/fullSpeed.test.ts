/**
 * Default settings under as much load as the machine takes: no live worker may be declared lost. 15 seconds in the short form,
 * ten minutes in the full one.
 */
import { runAll } from '../harness/proof';
import { startRealStack } from '../harness/stacks';
import { publishSpeed } from './report';

const isFull = process.env['CHAOS_FORM'] === 'full';
const DURATION_MS = isFull ? 600_000 : 15_000;
const DAGS = 1_000;

const simulate = { durationMs: 0, failureRate: 0 };
const task = (taskName: string, ...dependencies: string[]) => ({ taskName, type: 'DATA_PROCESSING', dependencies, simulate });
const diamond = (name: string) => ({
  dagName: name,
  tasks: [task('top'), task('left', 'top'), task('right', 'top'), task('bottom', 'left', 'right')],
});
const thousand = Array.from({ length: DAGS }, (_, i) => diamond(`diamond ${i}`));

const metric = async (url: string, name: string): Promise<number> => {
  const text = await (await fetch(`${url}/actuator/prometheus`)).text();
  const lines = text.split('\n').filter((line) => line.startsWith(`${name} `) || line.startsWith(`${name}{`));
  if (lines.length === 0) throw new Error(`there is no metric ${name}`);
  return lines.reduce((sum, line) => sum + Number(line.slice(line.lastIndexOf(' '))), 0);
};

test(
  'no live worker is declared lost at full speed',
  async () => {
    const stack = await startRealStack({ workers: 2, env: { LOG_LEVEL: 'info' } });
    const begun = performance.now();
    let dags = 0;
    while (performance.now() - begun < DURATION_MS) {
      await runAll(stack, thousand, { atOnce: 32 });
      dags += DAGS;
    }
    const seconds = Math.round((performance.now() - begun) / 1_000);
    const lost = await metric(stack.url, 'tasks_lost_total');
    const left = stack.scheduler
      .output()
      .split('\n')
      .filter((line) => line.includes('"event":"worker.left"'));
    process.stdout.write(
      `${dags} diamonds in ${seconds} s, ${Math.round((dags * 4) / seconds)} tasks/s; ${lost} tasks lost, ${left.length} workers gone\n`,
    );
    publishSpeed({ seconds, tasks: dags * 4, lostTasks: lost, lostWorkers: left.length });
    expect(left).toEqual([]);
    expect(lost).toBe(0);
  },
  DURATION_MS + 300_000,
);
