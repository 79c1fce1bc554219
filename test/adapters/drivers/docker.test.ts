/**
 * The requests of the Docker driver, at a server on a Unix socket that holds them against what the Engine API's reference says. There is
 * no engine here: nothing is proven of what one does with them.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { createDockerDriver } from '../../../src/adapters/drivers/docker';
import { systemClock } from '../../../src/adapters/system/clock';
import { atEnd } from '../../harness/cleanup';
import { answering, type Heard } from './answering';

/** Containers by name, as far as their life goes. */
const open = async () => {
  const folder = mkdtempSync(path.join(tmpdir(), 'docker-'));
  atEnd(() => rmSync(folder, { recursive: true, force: true }));
  const containers = new Map<string, 'created' | 'running'>();
  const broken = new Set<string>();
  const otherwise = ({ line, headers, body }: Heard): { status: number; body?: unknown } => {
    const [, version, verb, name] = /^POST \/v1\.(\d+)\/containers\/(?:(create)\?name=)?([\w.-]+)/.exec(line) ?? [];
    if (name === undefined || Number(version) < 24) return { status: 400, body: { message: `what is ${line}?` } };
    if (verb === 'create') {
      if (headers['content-type'] !== 'application/json' || typeof (body as { Image?: unknown }).Image !== 'string') return { status: 400 };
      if (containers.has(name)) return { status: 409, body: { message: 'Conflict. The container name is already in use' } };
      containers.set(name, 'created');
      return { status: 201, body: { Id: 'e90e34656806', Warnings: [] } };
    }
    const state = containers.get(name);
    if (state === undefined) return { status: 404, body: { message: 'No such container' } };
    if (line.endsWith('/start')) {
      if (broken.has(name)) {
        // It was to be removed when it ends.
        containers.delete(name);
        return { status: 500, body: { message: 'OCI runtime create failed' } };
      }
      containers.set(name, 'running');
      return { status: state === 'running' ? 304 : 204 };
    }
    containers.delete(name);
    return { status: 204 };
  };
  const server = await answering({ otherwise, socket: path.join(folder, 'docker.sock') });
  const asked: string[] = [];
  const sessions = new Set<string>();
  const driver = createDockerDriver({
    socket: server.url,
    image: 'task-scheduler:latest',
    network: 'backend',
    env: ['KAFKA_BROKERS=kafka:9092'],
    clock: systemClock,
    ask: (id) => {
      asked.push(id);
      return Promise.resolve(sessions.has(id));
    },
  });
  return { server, driver, containers, broken, asked, sessions };
};

test('a worker is a container that is created under its name and started', async () => {
  const { server, driver, containers } = await open();
  expect(await driver.start(['auto-1', 'auto-2'], 2)).toBe('started auto-1, auto-2');
  expect([...containers]).toEqual([
    ['auto-1', 'running'],
    ['auto-2', 'running'],
  ]);
  expect(server.heard.find(({ body }) => body !== undefined)!.body).toEqual({
    Image: 'task-scheduler:latest',
    Cmd: ['--role=worker', '--worker-id=auto-1'],
    Env: ['KAFKA_BROKERS=kafka:9092'],
    Labels: { 'task-scheduler.autoscaled': 'true' },
    HostConfig: { AutoRemove: true, NetworkMode: 'backend' },
  });
});

test('one that a dead leader had created is started, one that runs is left alone', async () => {
  const { server, driver, containers } = await open();
  containers.set('auto-1', 'created');
  containers.set('auto-2', 'running');
  await driver.start(['auto-1', 'auto-2'], 2);
  expect([...containers.values()]).toEqual(['running', 'running']);
  // Engines differ in what they say to a second one of the same name.
  expect(server.heard.map(({ line }) => line)).toEqual(['auto-1', 'auto-2'].map((name) => `POST /v1.41/containers/${name}/start`));
});

test('one that cannot be started is told by its own reason', async () => {
  const { driver, broken } = await open();
  broken.add('auto-1');
  await expect(driver.start(['auto-1'], 1)).rejects.toThrow(/start was answered with 500: OCI runtime create failed$/);
});

test('who has a session is asked to leave, who is still starting is stopped', async () => {
  const { server, driver, containers, asked, sessions } = await open();
  await driver.start(['auto-1', 'auto-2'], 2);
  sessions.add('auto-1');
  server.heard.length = 0;
  await driver.leave(['auto-1', 'auto-2', 'auto-9'], 0);
  expect(asked).toEqual(['auto-1', 'auto-2', 'auto-9']);
  expect(server.heard.map(({ line }) => line)).toEqual(['POST /v1.41/containers/auto-2/stop', 'POST /v1.41/containers/auto-9/stop']);
  expect([...containers.keys()]).toEqual(['auto-1']);
});

test('an image that is not there is told in the engine’s words', async () => {
  const { server, driver } = await open();
  server.next.push({ status: 404 }, { status: 404, body: { message: 'No such image: task-scheduler:latest' } });
  await expect(driver.start(['auto-1'], 1)).rejects.toThrow(/404: No such image: task-scheduler:latest$/);
});
