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
  readonly profiles?: readonly string[];
  readonly volumes?: readonly string[];
  readonly depends_on?: Readonly<Record<string, unknown>> | readonly string[];
  readonly healthcheck?: unknown;
}

const file = path.join(projectRoot, 'docker-compose.yml');
const text = readFileSync(file, 'utf8');
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

test('the services have the ports and names that the README tells', () => {
  const shown = services.map(([, service]) => `${service.container_name} ${service.ports.map((port) => port.split(':').at(-1)).join()}`);
  expect(shown).toEqual([
    'task-scheduler-postgres 5432',
    'task-scheduler-redis 6379',
    'task-scheduler-kafka 9092',
    'task-scheduler-prometheus 9090',
    'task-scheduler-grafana 3000',
    'task-scheduler-scheduler 8080',
    'task-scheduler-worker-1 8081',
    'task-scheduler-worker-2 8082',
    'task-scheduler-worker-3 8083',
  ]);
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
