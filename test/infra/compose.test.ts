import { execFile } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { parse } from 'yaml';
import { atEnd } from '../harness/cleanup';
import { projectRoot } from '../harness/processes';

interface ComposeService {
  readonly container_name: string;
  readonly image: string;
  readonly mem_limit: string;
  readonly ports: readonly string[];
  readonly environment?: Readonly<Record<string, unknown>>;
  readonly profiles?: readonly string[];
  readonly volumes?: readonly string[];
  readonly depends_on?: Readonly<Record<string, unknown>> | readonly string[];
  readonly healthcheck?: unknown;
}

const file = path.join(projectRoot, 'docker-compose.yml');
const text = readFileSync(file, 'utf8');
const readme = readFileSync(path.join(projectRoot, 'README.md'), 'utf8');
const compose = parse(text, { merge: true }) as { services: Record<string, ComposeService>; volumes: Record<string, unknown> };
const services = Object.entries(compose.services);

const megabytes = (limit: string): number => Number.parseInt(limit, 10) * (limit.endsWith('g') ? 1024 : 1);

/** Checks a compose file against the compose specification's schema and the linter's rules. */
const lint = (target: string): Promise<{ code: number; output: string }> =>
  new Promise((resolve) => {
    const linter = path.join(projectRoot, 'node_modules/dclint/bin/dclint.cjs');
    const args = [linter, '--max-warnings', '0', '--config', path.join(projectRoot, '.dclintrc.json'), target];
    execFile(process.execPath, args, { cwd: projectRoot }, (error, stdout, stderr) => {
      resolve({ code: typeof error?.code === 'number' ? error.code : 0, output: stdout + stderr });
    });
  });

const lintText = (changed: string): Promise<{ code: number; output: string }> => {
  const folder = mkdtempSync(path.join(tmpdir(), 'compose-'));
  atEnd(() => {
    rmSync(folder, { recursive: true });
  });
  writeFileSync(path.join(folder, 'docker-compose.yml'), changed);
  return lint(folder);
};

test('the compose file meets the specification and the linter', async () => {
  expect(await lint(file)).toEqual({ code: 0, output: expect.any(String) });
});

test('a key that the specification does not know is noticed', async () => {
  const { code, output } = await lintText(text.replace('    mem_limit: 256m', '    memory_limit: 256m'));
  expect(code).not.toBe(0);
  expect(output).toContain('invalid-schema');
});

/** Who may connect, the host's port and the container's, with the variables' defaults filled in. */
const bindings = ({ ports }: ComposeService): readonly string[] => ports.map((port) => port.replace(/\$\{\w+:-(\d+)\}/, '$1'));

test('the services have the names and the ports of the host that the original has', () => {
  const shown = services.map(([, service]) => `${service.container_name} ${bindings(service).join()}`);
  expect(shown).toEqual([
    'task-scheduler-postgres 127.0.0.1:5432:5432',
    'task-scheduler-redis 127.0.0.1:6379:6379',
    'task-scheduler-kafka 127.0.0.1:9092:9092',
    'task-scheduler-prometheus 127.0.0.1:9090:9090',
    'task-scheduler-grafana 127.0.0.1:3000:3000',
    'task-scheduler-scheduler 0.0.0.0:8080:8080',
    'task-scheduler-worker-1 0.0.0.0:8081:8081',
    'task-scheduler-worker-2 0.0.0.0:8082:8082',
    'task-scheduler-worker-3 0.0.0.0:8083:8083',
  ]);
});

test('the README tells of the same ports and names', () => {
  const hostPort = (name: string): string => bindings(compose.services[name]!)[0]!.split(':')[1]!;
  for (const sentence of [
    `(also starts Prometheus on ${hostPort('prometheus')} and Grafana on ${hostPort('grafana')})`,
    `PostgreSQL on ${hostPort('postgres')}, Redis on ${hostPort('redis')} and Kafka on ${hostPort('kafka')} only`,
    `adds a scheduler on ${hostPort('scheduler')} and three workers on ${hostPort('worker-1')}-${hostPort('worker-3')}`,
    `http://localhost:${hostPort('prometheus')} and Grafana with these dashboards on http://localhost:${hostPort('grafana')} (admin, admin)`,
  ]) {
    expect(readme).toContain(sentence);
  }
  const names = new Set(services.map(([, service]) => service.container_name));
  const told = [...readme.matchAll(/docker (?:logs --tail 50|exec) (task-scheduler-[\w-]+)/g)].map(([, name = '']) => name);
  expect(told.length).toBeGreaterThan(4);
  expect(told.filter((name) => !names.has(name))).toEqual([]);
});

test('a container of ours listens on the port that is published for it, and tells others of itself by it', () => {
  for (const [name, { environment, ports, profiles }] of services) {
    if (profiles === undefined) continue;
    const inside = ports[0]!.split(':').at(-1);
    expect({ name, port: String(environment?.['SERVER_PORT']) }).toEqual({ name, port: inside });
  }
  const told = services.filter(([, { profiles }]) => profiles !== undefined).map(([name, { environment }]) => [name, environment!] as const);
  for (const [name, environment] of told) expect(environment['SERVER_ADVERTISED_URL']).toBe(`http://${name}:${String(environment['SERVER_PORT'])}`);
});

test('Kafka sends a client on to the port by which it came', () => {
  const advertised = String(compose.services['kafka']!.environment?.['KAFKA_ADVERTISED_LISTENERS']);
  expect(advertised).toBe('HOST://127.0.0.1:${KAFKA_PORT:-9092},CONTAINERS://kafka:29092');
  expect(compose.services['scheduler']!.environment?.['KAFKA_BROKERS']).toBe('kafka:29092');
});

test.each(services)('%s depends on services and volumes that there are', (_name, service) => {
  const needed = Array.isArray(service.depends_on) ? (service.depends_on as string[]) : Object.keys(service.depends_on ?? {});
  expect(Object.keys(compose.services)).toEqual(expect.arrayContaining(needed));
  for (const volume of service.volumes ?? []) {
    const [source = ''] = volume.split(':');
    expect({ source, exists: source.startsWith('.') ? existsSync(path.join(projectRoot, source)) : source in compose.volumes }).toEqual({
      source,
      exists: true,
    });
  }
});

test('every service of others has a health check; the image of ours carries its own', () => {
  for (const [name, { healthcheck, profiles }] of services) {
    expect({ name, checked: healthcheck !== undefined }).toEqual({ name, checked: profiles === undefined });
  }
});

test('all memory limits together fit 8 GB', () => {
  const all = services.map(([, { mem_limit: limit }]) => megabytes(limit));
  expect(all.every((limit) => limit > 0)).toBe(true);
  expect(all.reduce((sum, limit) => sum + limit, 0)).toBeLessThanOrEqual(8 * 1024);
});
