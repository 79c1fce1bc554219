import { chmodSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import type { DagView, Page, TaskView } from '../../src/sdk';
import { atEnd } from '../harness/cleanup';
import { type Exit, projectRoot, type Running, type RunningRole, startProcess, startRole } from '../harness/processes';

let server: RunningRole;

beforeAll(async () => {
  const dataDir = mkdtempSync(path.join(tmpdir(), 'standalone-'));
  // The database's own user must be able to enter it: data elsewhere would outlive the test.
  chmodSync(dataDir, 0o755);
  atEnd(() => {
    rmSync(dataDir, { recursive: true, force: true });
  });
  server = await startRole({ role: 'standalone', env: { STANDALONE_DATA_DIR: dataDir }, readyMs: 120_000 });
  // Before the harness kills it: only a server that stops by itself stops its database, too.
  atEnd(async () => {
    await server.terminate();
  });
}, 150_000);

const dts = async (...args: readonly string[]): Promise<Running & { code: Exit['code'] }> => {
  const running = await startProcess({ script: path.join(projectRoot, 'dist/cli/main.js'), args, env: { DTS_URL: server.url } });
  const { code } = await running.exited;
  return { ...running, code };
};

const example = (name: string): string => path.join(projectRoot, name);
const json = (running: Running): unknown => JSON.parse(running.stdout());

test('submit --wait follows the sample to its end, the retry in sight', async () => {
  const run = await dts('submit', '--wait', example('sample-dag.json'));
  expect(run.stdout()).toMatch(/transform +RETRYING +attempt 1 of 4 failed: simulated failure/);
  expect(run.stdout()).toMatch(/transform +COMPLETED .*attempt 2 of 4/);
  expect(run.stdout().trim().split('\n').at(-1)).toMatch(/^Data Pipeline Example {2}COMPLETED {2}█{20} {2}7\/7 {2}/);
  expect(run.code).toBe(0);
});

test('a DAG that fails leaves with 1, and status draws what became of it', async () => {
  const run = await dts('submit', '--wait', example('examples/failure-handling.json'));
  expect(run.code).toBe(1);
  const [dagId = ''] = run.stdout().split(/\s/);
  const status = await dts('status', dagId);
  expect(status.code).toBe(0);
  expect(status.stdout()).toMatch(/✖ always-fails {2}after 2 attempts: simulated failure .*\n.*⊘ never-runs\n.*⊘ never-told\n/);
  expect((await dts('watch', dagId)).code).toBe(1);
});

test('list, status and explain as JSON', async () => {
  const dag = json(await dts('submit', example('examples/linear-pipeline.json'), '--json')) as DagView;
  expect(dag.status).toBe('CREATED');
  const page = json(await dts('list', '--json', '--name', 'Linear*')) as Page<DagView>;
  expect(page.items.map(({ dagId }) => dagId)).toContain(dag.dagId);
  const { tasks } = json(await dts('status', '--json', dag.dagId)) as { tasks: TaskView[] };
  expect(tasks.map(({ taskName }) => taskName)).toEqual(['extract', 'clean', 'transform', 'load', 'report']);
  const explained = json(await dts('explain', '--json', tasks[4]?.taskId ?? '')) as { taskName: string; summary: string };
  expect(explained.taskName).toBe('report');
});

test('the same key twice is one DAG', async () => {
  const submit = async (): Promise<string> =>
    (json(await dts('submit', '--json', '--idempotency-key', 'once', example('examples/linear-pipeline.json'))) as DagView).dagId;
  expect(await submit()).toBe(await submit());
});

test('import brings recorded workflows to their end', async () => {
  const run = await dts(
    'import',
    '--wait',
    '--json',
    '--scale',
    '0',
    '--failure-rate',
    '0',
    example('test/fixtures/wfformat-1000genome-excerpt.json'),
    example('test/fixtures/workflows-slim.ndjson'),
  );
  expect((json(run) as DagView[]).map(({ status, totalTasks }) => [status, totalTasks])).toEqual([
    ['COMPLETED', 5],
    ['COMPLETED', expect.any(Number)],
    ['COMPLETED', expect.any(Number)],
  ]);
  expect(run.code).toBe(0);
});

test('a refusal names each path; what is not there has its own code', async () => {
  const refused = await dts('submit', example('package.json'));
  expect([refused.code, refused.stderr()]).toEqual([4, expect.stringMatching(/^the server refused: .*400.*\n(?: {2}.+\n)+$/)]);
  expect(refused.stderr()).toMatch(/dagName/);
  const missing = await dts('status', '019b0000-0000-8000-8000-000000000000');
  expect([missing.code, missing.stderr()]).toEqual([3, expect.stringMatching(/^not found: /)]);
});
