import path from 'node:path';
import { projectRoot, startProcess } from '../harness/processes';

const demo = { script: path.join(projectRoot, 'scripts/demo.mjs') };

const isGone = async (url: string): Promise<boolean> =>
  fetch(url).then(
    () => false,
    () => true,
  );

const urlOf = (output: string): string => /http:\/\/127\.0\.0\.1:\d+/.exec(output)?.[0] ?? '';

test('npm run demo shows the retry, ends COMPLETED with code 0, and leaves nothing running', async () => {
  const run = await startProcess(demo);
  const { code } = await run.exited;
  expect(run.stdout()).toMatch(/Data Pipeline Example is COMPLETED: 7 of 7 tasks in \d+\.\d s; transform needed 2 attempts\.\n/);
  expect(code).toBe(0);
  expect(await isGone(urlOf(run.output()))).toBe(true);
}, 180_000);

test('interrupted in the middle it leaves nothing running either', async () => {
  const run = await startProcess(demo);
  await run.line(/validate +RUNNING|validate +COMPLETED/, 120_000);
  process.kill(run.pid, 'SIGINT');
  const { code } = await run.exited;
  expect(code).toBe(130);
  expect(await isGone(urlOf(run.output()))).toBe(true);
}, 180_000);
