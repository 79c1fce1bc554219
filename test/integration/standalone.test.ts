import { spawnSync } from 'node:child_process';
import { chmodSync, chownSync, cpSync, existsSync, mkdirSync, mkdtempSync, rmSync, statSync, symlinkSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir, userInfo } from 'node:os';
import path from 'node:path';
import { atEnd } from '../harness/cleanup';
import { projectRoot, type RunningRole, startProcess, startRole } from '../harness/processes';
import { flawless, inParallel, prove, type Ran, runAll, untilFinal } from '../harness/proof';
import { clientOf, freshDataDir, startStandalone } from '../harness/stacks';
import { until } from '../harness/until';
import { ALL_TELLERS } from '../observe/metricsDocument';
import { expectTold } from '../observe/told';

const chain = (dagName: string) => ({
  dagName,
  tasks: Array.from({ length: 20 }, (_, i) => ({
    taskName: `t${i}`,
    type: 'API_CALL',
    dependencies: i < 4 ? [] : [`t${i - 4}`],
    simulate: { durationMs: 300, failureRate: 0 },
  })),
});

const short = { dagName: 'short', tasks: [{ taskName: 'only', type: 'API_CALL', simulate: { durationMs: 10, failureRate: 0 } }] };

test('after kill -9 and a restart on the same data folder every unfinished DAG goes on', async () => {
  const first = await startStandalone();
  const submissions = Array.from({ length: 10 }, (_, i) => chain(`chain ${i}`));
  const ran: Ran[] = await inParallel(submissions, 5, async (submission) => ({ submission, dagId: (await first.api.submit(submission)).dagId }));
  await until(async () => (await first.sql(`SELECT 1 FROM tasks WHERE status = 'COMPLETED'`)).length > 30, { what: 'the work to be under way' });
  expect(await first.sql(`SELECT 1 FROM dags WHERE status = 'COMPLETED'`)).toEqual([]);
  await first.role.kill();
  const began = performance.now();
  const second = await startStandalone({ dataDir: first.dataDir });
  process.stdout.write(`standalone was ready again ${Math.round(performance.now() - began)} ms after its restart began\n`);
  await untilFinal(second, ran, 60_000);
  expect(await prove(second, ran)).toEqual(flawless(submissions));
  expect(await second.sql(`SELECT name FROM tasks WHERE attempt <> 1 OR status <> 'COMPLETED'`)).toEqual([]);
  await expectTold(await (await fetch(`${second.url}/actuator/prometheus`)).text(), ALL_TELLERS);
  const targets: unknown = await (await fetch(`${second.url}/api/v1/prometheus-targets`)).json();
  expect(targets).toEqual([{ targets: [new URL(second.url).host], labels: { role: 'scheduler', __meta_task_scheduler_id: 'standalone' } }]);
}, 120_000);

test('a second standalone on the same data folder is refused plainly, and the first goes on', async () => {
  const first = await startStandalone();
  const second = await startProcess({ args: ['--role=standalone', '--port=0'], env: { STANDALONE_DATA_DIR: first.dataDir } });
  expect((await second.exited).code).toBe(1);
  expect(second.stderr()).toMatch(
    /could not start: the data folder .* is in use by another process \(task-scheduler pid \d+\): stop that one, or use another folder/,
  );
  const ran = await runAll(first, [short]);
  expect(await prove(first, ran)).toEqual(flawless([short]));
}, 120_000);

test('a port that is taken says the way out', async () => {
  const taken = createServer();
  await new Promise<void>((resolve) => taken.listen(0, '0.0.0.0', resolve));
  atEnd(() => void taken.close());
  const port = (taken.address() as { port: number }).port;
  const refused = await startProcess({ args: ['--role=standalone', `--port=${port}`], env: { STANDALONE_DATA_DIR: freshDataDir() } });
  expect((await refused.exited).code).toBe(1);
  expect(refused.stderr()).toMatch(new RegExp(`could not start: port ${port} is taken; choose another with --port or SERVER_PORT`));
}, 120_000);

const isRoot = userInfo().uid === 0;
const NOBODY = 65_534;
const SYSTEM_FOLDER = '/var/lib/task-scheduler';

const nobodyCanRead = (file: string): boolean =>
  spawnSync('setpriv', [`--reuid=${NOBODY}`, `--regid=${NOBODY}`, '--clear-groups', 'test', '-r', file]).status === 0;

/** The compiled program as a clone has it, with dependencies that everybody can read where this checkout's are for everybody. */
const cloneInto = (folder: string, forNobody: boolean): string => {
  for (const part of ['dist', 'config', 'package.json']) cpSync(path.join(projectRoot, part), path.join(folder, part), { recursive: true });
  const modules = path.join(projectRoot, 'node_modules');
  if (!forNobody || nobodyCanRead(path.join(modules, 'pg/package.json'))) symlinkSync(modules, path.join(folder, 'node_modules'));
  else cpSync(modules, path.join(folder, 'node_modules'), { recursive: true, verbatimSymlinks: true });
  return path.join(folder, 'dist/main.js');
};

const openFolder = (mode: number): string => {
  const folder = mkdtempSync(path.join(tmpdir(), 'clone-'));
  chmodSync(folder, mode);
  atEnd(() => {
    rmSync(folder, { recursive: true, force: true });
  });
  return folder;
};

const runsShort = async ({ url, terminate }: RunningRole): Promise<void> => {
  const ran = await runAll({ api: clientOf(url) }, [short]);
  expect((await clientOf(url).dag(ran[0]!.dagId)).status).toBe('COMPLETED');
  expect((await terminate()).code).toBe(0);
};

test('an ordinary user runs standalone from a clone, its data in ./data', async () => {
  const folder = openFolder(0o755);
  const script = cloneInto(folder, isRoot);
  if (isRoot) chownSync(folder, NOBODY, NOBODY);
  // Root becomes nobody for this; anybody else is an ordinary user already.
  const as = isRoot ? { node: 'setpriv', nodeArgs: [`--reuid=${NOBODY}`, `--regid=${NOBODY}`, '--clear-groups', process.execPath] } : {};
  const role = await startRole({ role: 'standalone', script, cwd: folder, readyMs: 90_000, ...as });
  atEnd(() => role.terminate().then(() => undefined));
  expect(statSync(path.join(folder, 'data/postgres/cluster')).uid).toBe(isRoot ? NOBODY : userInfo().uid);
  await runsShort(role);
}, 120_000);

test('below a private home standalone runs, and says where the data lies if that is elsewhere', async () => {
  const home = openFolder(0o700);
  const folder = path.join(home, 'clone');
  mkdirSync(folder);
  const script = cloneInto(folder, false);
  const role = await startRole({ role: 'standalone', script, cwd: folder, readyMs: 90_000 });
  atEnd(() => role.terminate().then(() => undefined));
  const moved = new RegExp(`can't enter ${folder}/data: its data lies in (${SYSTEM_FOLDER}/[0-9a-f]{16})/postgres`).exec(role.output())?.[1];
  const kept = isRoot ? moved : path.join(folder, 'data');
  expect(kept).toBeDefined();
  expect(existsSync(path.join(kept!, 'postgres/cluster/PG_VERSION'))).toBe(true);
  await runsShort(role);
  if (moved !== undefined) rmSync(moved, { recursive: true });
}, 120_000);
