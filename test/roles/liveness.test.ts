/** The image's health check, `--health-of`: finds a process by what it was started with, and says whether it lives. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { atEnd } from '../harness/cleanup';
import { freePort } from '../harness/ports';
import { mainScript, startProcess, startRole } from '../harness/processes';
import { freshDatabase, freshPrefix, kafkaBrokers, redisUrl } from '../harness/services';
import { until } from '../harness/until';

interface Asked {
  readonly code: number | null;
  readonly said: string;
}

const askOf = async (pid: number, env: Readonly<Record<string, string>> = {}): Promise<Asked> => {
  const asking = await startProcess({ args: [`--health-of=${pid}`], env });
  const { code } = await asking.exited;
  return { code, said: asking.output() };
};

const healthy: Asked = { code: 0, said: '' };

/** Addresses for a process of its own. */
const corner = async (): Promise<Readonly<Record<string, string>>> => {
  const database = await freshDatabase();
  const prefix = freshPrefix();
  return {
    DATABASE_URL: database.url,
    KAFKA_BROKERS: kafkaBrokers.join(','),
    KAFKA_TOPIC_QUEUE: prefix.topic('queue'),
    KAFKA_TOPIC_EVENTS: prefix.topic('events'),
    KAFKA_TOPIC_DEAD_LETTERS: prefix.topic('dlq'),
    KAFKA_TOPIC_LOGS: prefix.topic('logs'),
    REDIS_URL: redisUrl,
    REDIS_PREFIX: prefix.keys,
  };
};

/** Begins the program and stays above it, as an init in a container does. */
const INIT = `
const child = require('node:child_process').spawn(process.argv[2], process.argv.slice(3), { stdio: 'inherit' });
console.log('began ' + child.pid);
`;

const folderWith = (file: string, text: string): string => {
  const folder = mkdtempSync(path.join(tmpdir(), 'liveness-'));
  atEnd(() => {
    rmSync(folder, { recursive: true });
  });
  writeFileSync(path.join(folder, file), text);
  return folder;
};

test.each(['scheduler', 'worker'] as const)('a %s on the port of its flag is alive until it hangs or ends', async (role) => {
  const running = await startRole({ role, env: await corner() });
  expect(await askOf(running.pid)).toEqual(healthy);
  running.suspend();
  expect(await askOf(running.pid)).toEqual({ code: 1, said: expect.stringContaining('timeout') as string });
  running.resume();
  await running.kill();
  expect(await askOf(running.pid)).toEqual({ code: 1, said: expect.stringContaining(`/proc/${running.pid}/cmdline`) as string });
});

test('the port is found in variables and files too, below the flag, also where an init began the process', async () => {
  const env = await corner();
  const [inVariable, inFile] = [await freePort(), await freePort()];
  const folder = folderWith('worker.yaml', `server: { port: ${inFile} }\n`);
  const args = ['--role=worker', '--config-dir', folder];
  const byVariable = await startProcess({ args, env: { ...env, SERVER_PORT: String(inVariable) } });
  await byVariable.line(new RegExp(`http://localhost:${inVariable}`));
  expect(await askOf(byVariable.pid, { SERVER_PORT: String(inVariable) })).toEqual(healthy);
  // Without the variable that it has, another one is asked.
  expect((await askOf(byVariable.pid)).code).toBe(1);

  const init = folderWith('init.js', INIT);
  const begun = await startProcess({ script: path.join(init, 'init.js'), args: [process.execPath, mainScript, ...args], env });
  const child = Number((await begun.line(/began (\d+)/))[1]);
  atEnd(() => {
    process.kill(child, 'SIGKILL');
  });
  await begun.line(new RegExp(`http://localhost:${inFile}`));
  expect(await askOf(begun.pid)).toEqual(healthy);
});

test('another program, no process and any free port are told', async () => {
  expect(await askOf(process.pid)).toEqual({ code: 1, said: expect.stringContaining(`process ${process.pid} doesn't run this program`) as string });
  expect(await askOf(0)).toEqual({ code: 1, said: expect.stringContaining('/proc/0/cmdline') as string });
  const anyPort = await startProcess({ args: ['--role=worker', '--port=0'], env: await corner() });
  await until(async () => (await askOf(anyPort.pid)).said.includes('any free port (0)'), { what: 'the sentence about port 0' });
});
