import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { type AddressInfo, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { version } from '../../package.json';
import { atEnd } from '../harness/cleanup';
import { freePort } from '../harness/ports';
import { type Running, startProcess } from '../harness/processes';
import { databaseUrl } from '../harness/services';

const ended = async (args: readonly string[], env: Readonly<Record<string, string>> = {}): Promise<Running & { code: number | null }> => {
  const running = await startProcess({ args, env });
  const { code } = await running.exited;
  return { ...running, code };
};

test('--help names every flag and the three roles', async () => {
  const help = await ended(['--help']);
  expect(help.code).toBe(0);
  for (const word of [
    '--role',
    '--worker-id',
    '--port',
    '--config-dir',
    '--print-config',
    '--health-of',
    '--version',
    '"scheduler"',
    '"worker"',
    '"standalone"',
  ]) {
    expect(help.stdout()).toContain(word);
  }
});

test('--version is the one of package.json', async () => {
  const answer = await ended(['--version']);
  expect([answer.code, answer.stdout()]).toEqual([0, `${version}\n`]);
});

test.each([
  [['--rol'], "error: unknown option '--rol'\n(Did you mean --role?)"],
  [['--role=wrker'], "error: option '--role <role>' argument 'wrker' is invalid. Allowed choices are scheduler, worker, standalone."],
  [['worker'], 'error: too many arguments. Expected 0 arguments but got 1'],
  [['--port'], "error: option '--port <port>' argument missing"],
])('%j is an error', async (args, text) => {
  const wrong = await ended(args);
  expect(wrong.code).toBe(2);
  expect(wrong.stderr()).toContain(text);
});

test('wrong settings are told together, and nothing is started', async () => {
  const wrong = await ended(['--role=worker', '--port=x'], { WORKER_CONCURRENCY: '0', KAFKA_BROKERS: 'nowhere' });
  expect(wrong.code).toBe(2);
  expect(wrong.stderr().split('\n').slice(0, 4)).toEqual([
    'the settings of this worker are wrong:',
    '  --port: server.port: "x" is not a port: a whole number from 0 to 65535',
    '  KAFKA_BROKERS: kafka.brokers: "nowhere" is not a list (with commas in between) of at least 1, each host:port',
    '  WORKER_CONCURRENCY: worker.concurrency: "0" is not a whole number from 1 to 10000',
  ]);
});

test('--print-config shows values, origins and no password', async () => {
  const printed = await ended(['--print-config', '--port', '8099'], { DATABASE_URL: 'postgres://me:s3cret@db/x' });
  expect(printed.code).toBe(0);
  expect(printed.stdout()).toMatch(/^# role: scheduler\nserver:\n {2}port: 8099 # --port\n/);
  expect(printed.stdout()).toContain('url: "postgres://me:***@db/x" # DATABASE_URL');
  expect(printed.output()).not.toContain('s3cret');
});

test('--config-dir takes the place of the shipped folder', async () => {
  const folder = mkdtempSync(path.join(tmpdir(), 'config-'));
  try {
    writeFileSync(path.join(folder, 'worker.yaml'), 'worker: {concurrency: 7}\n');
    const printed = await ended(['--role=worker', '--print-config', '--config-dir', folder]);
    expect(printed.stdout()).toContain(`concurrency: 7 # ${path.join(folder, 'worker.yaml')}`);
  } finally {
    rmSync(folder, { recursive: true });
  }
});

describe('services that are not there', () => {
  const nowhere = async (): Promise<Readonly<Record<string, string>>> => {
    const port = String(await freePort());
    return {
      SERVER_PORT: '0',
      DATABASE_URL: `postgres://me:s3cret@127.0.0.1:${port}/x`,
      KAFKA_BROKERS: `127.0.0.1:${port}`,
      REDIS_URL: `redis://127.0.0.1:${port}`,
    };
  };

  test.each([
    ['scheduler', 'PostgreSQL'],
    ['worker', 'Kafka'],
  ])('a %s waits for %s, says so, and gives up when its time is over', async (role, service) => {
    const waited = await ended([`--role=${role}`], { ...(await nowhere()), SCHEDULER_STARTUP_TIMEOUT_MS: '1500' });
    expect(waited.stdout()).toMatch(new RegExp(`"event":"dependency.waiting","name":"${service}".*ECONNREFUSED`));
    expect(waited.stderr()).toMatch(new RegExp(`^the ${role} could not start: ${service} at .* did not answer within 2 s: .*ECONNREFUSED`));
    expect(waited.output()).not.toContain('s3cret');
    expect(waited.code).toBe(1);
  });

  test('Kafka is said to be missing at once, and in words of our own only', async () => {
    const started = performance.now();
    const waiting = await startProcess({ args: ['--role=worker'], env: await nowhere() });
    await waiting.line(/dependency\.waiting/);
    expect(performance.now() - started).toBeLessThan(3_000);
    expect(waiting.output()).not.toContain('kafkajs');
    expect(waiting.output().trim().split('\n')).toHaveLength(1);
    await waiting.terminate(5_000);
  });

  test('a service that accepts and says nothing is said to be waited for within two seconds', async () => {
    const silent = createServer(() => undefined);
    await new Promise<void>((resolve) => silent.listen(0, '127.0.0.1', resolve));
    atEnd(() => void silent.close());
    const { port } = silent.address() as AddressInfo;
    const waiting = await startProcess({ args: ['--role=worker'], env: { ...(await nowhere()), KAFKA_BROKERS: `127.0.0.1:${String(port)}` } });
    await waiting.line(/dependency\.waiting.*no answer yet/, 4_000);
    await waiting.terminate(8_000);
  });

  test('a user that the database refuses is told at once: no waiting helps', async () => {
    const url = new URL(databaseUrl);
    url.username = 'nobody_here';
    const refused = await ended(['--role=scheduler'], { ...(await nowhere()), DATABASE_URL: url.toString() });
    expect(refused.stderr()).toMatch(/^the scheduler could not start: PostgreSQL does not let the user of DATABASE_URL in: .*"nobody_here"/);
    expect(refused.code).toBe(1);
  });

  test('a scheduler that waits leaves at once on SIGTERM', async () => {
    const waiting = await startProcess({ args: ['--role=scheduler'], env: await nowhere() });
    await waiting.line(/dependency\.waiting/);
    expect(await waiting.terminate(5_000)).toEqual({ code: 0, signal: null });
    expect(waiting.stderr()).toBe('scheduler stopping: SIGTERM\nscheduler stopped: SIGTERM\n');
  });
});
