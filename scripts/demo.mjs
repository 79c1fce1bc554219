// npm run demo: installs, builds, starts standalone on a free port, runs sample-dag.json before your eyes, and cleans up.
// Its database stays under data/demo, so that the second run takes seconds. Exits 0 when the DAG is COMPLETED.
import { spawn } from 'node:child_process';
import { mkdirSync, openSync, readFileSync } from 'node:fs';
import { createServer } from 'node:net';
import path from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { root, setUp } from './setup.mjs';

const READY_MS = 120_000;
const STOP_MS = 30_000;
const dataDir = path.join(root, 'data/demo');
const logFile = path.join(root, 'data/demo.log');

const freePort = () =>
  new Promise((resolve, reject) => {
    const server = createServer().once('error', reject);
    server.listen(0, '127.0.0.1', () => {
      const { port } = server.address();
      server.close(() => resolve(port));
    });
  });

const startServer = (port) => {
  mkdirSync(path.dirname(logFile), { recursive: true });
  const log = openSync(logFile, 'w');
  // A process group of its own: Ctrl-C comes to this script alone, which then stops the server once and waits for it.
  const child = spawn(process.execPath, [path.join(root, 'dist/main.js'), '--role=standalone', `--port=${port}`], {
    cwd: root,
    env: { ...process.env, SERVER_HOST: '127.0.0.1', STANDALONE_DATA_DIR: dataDir },
    stdio: ['ignore', log, log],
    detached: true,
  });
  const exited = new Promise((resolve) => child.once('exit', resolve));
  return { child, exited, hasEnded: () => child.exitCode !== null || child.signalCode !== null };
};

const stopServer = async ({ child, exited, hasEnded }) => {
  if (hasEnded()) return;
  child.kill('SIGTERM');
  const inTime = await Promise.race([exited.then(() => true), pause(STOP_MS, false, { ref: false })]);
  if (!inTime) child.kill('SIGKILL');
  await exited;
};

const isReady = async (url) => {
  try {
    return (await fetch(`${url}/readyz`, { signal: AbortSignal.timeout(2_000) })).ok;
  } catch {
    return false;
  }
};

const untilReady = async (url, { hasEnded }) => {
  const deadline = Date.now() + READY_MS;
  while (!(await isReady(url))) {
    if (hasEnded() || Date.now() > deadline) {
      const lastLines = readFileSync(logFile, 'utf8').trimEnd().split('\n').slice(-20).join('\n');
      throw new Error(
        `The server ${hasEnded() ? 'ended before it was ready' : `wasn't ready within ${READY_MS / 1_000} s`}. The end of ${logFile}:\n${lastLines}`,
      );
    }
    await pause(100);
  }
};

const submitAndWatch = (url, onChild) =>
  new Promise((resolve) => {
    const dts = spawn(process.execPath, [path.join(root, 'dist/cli/main.js'), 'submit', path.join(root, 'sample-dag.json'), '--wait', '--url', url], {
      stdio: 'inherit',
    });
    onChild(dts);
    dts.once('exit', (code) => resolve(code ?? 1));
  });

const json = async (address) => (await fetch(address, { signal: AbortSignal.timeout(10_000) })).json();

const tellResult = async (url) => {
  const [dag] = (await json(`${url}/api/v1/dags?limit=1`)).items;
  const tasks = await json(`${url}/api/v1/dags/${dag.dagId}/tasks`);
  const retried = tasks.filter(({ attempt }) => attempt > 1).map(({ taskName, attempt }) => `${taskName} needed ${attempt} attempts`);
  const seconds = ((Date.parse(dag.completedAt) - Date.parse(dag.createdAt)) / 1_000).toFixed(1);
  console.log(
    `\n${dag.dagName} is ${dag.status}: ${dag.completedTasks} of ${dag.totalTasks} tasks in ${seconds} s${retried.length > 0 ? `; ${retried.join(', ')}` : ''}.`,
  );
  return dag.status === 'COMPLETED';
};

const run = async (onChild) => {
  const port = await freePort();
  const url = `http://127.0.0.1:${port}`;
  console.error(`Starting the scheduler and a worker on ${url} (log: ${path.relative(process.cwd(), logFile)}) …`);
  const server = startServer(port);
  onChild({ server });
  await untilReady(url, server);
  console.error(`The page is at ${url} while this runs. Submitting sample-dag.json …\n`);
  const code = await submitAndWatch(url, (dts) => onChild({ dts }));
  return code === 0 && (await tellResult(url));
};

setUp();
const children = {};
const stopAll = async () => {
  children.dts?.kill('SIGTERM');
  if (children.server) await stopServer(children.server);
};
let leaving = false;
/** The first to ask decides the code: a second SIGTERM would make the server leave without its database. */
const leave = async (code) => {
  if (leaving) return;
  leaving = true;
  await stopAll();
  process.exit(code);
};
for (const [signal, code] of [
  ['SIGINT', 130],
  ['SIGTERM', 143],
  ['SIGHUP', 129],
])
  process.on(signal, () => void leave(code));

try {
  const completed = await run((child) => Object.assign(children, child));
  if (completed) console.log('Next: npm start leaves the server running: its page is at http://localhost:8080, its API can be tried out at /docs.');
  await leave(completed ? 0 : 1);
} catch (error) {
  if (!leaving) console.error(error.message);
  await leave(1);
}
