/** `scripts/services` where nothing can be started: the real script, as an ordinary user, who finds few programs. */
import { spawnSync } from 'node:child_process';
import {
  chmodSync,
  chownSync,
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { atEnd } from '../harness/cleanup';
import { projectRoot } from '../harness/processes';

/** Whoever runs the tests, but never root: the user nobody in root's place. */
const isRoot = process.getuid?.() === 0;
const ORDINARY = isRoot ? { uid: 65_534, gid: 65_534 } : {};

/** What the script needs to get as far as its decision. Neither Docker nor Java nor Redis is among them. */
const TOOLS = ['bash', 'dirname', 'id', 'uname', 'sort', 'ls', 'cat', 'mkdir', 'sed'];

const locate = (tool: string): string => {
  const found = process.env['PATH']!.split(':').find((folder) => existsSync(path.join(folder, tool)));
  return path.join(found!, tool);
};

interface Machine {
  /** Programs by name: what each does, as a shell script. */
  readonly programs: Readonly<Record<string, string>>;
  readonly env?: Readonly<Record<string, string>>;
}

interface Ran {
  readonly code: number | null;
  readonly said: readonly string[];
  /** What lies in the user's home afterwards. */
  readonly left: readonly string[];
  /** Calls of the programs, each with its arguments. */
  readonly calls: readonly string[];
}

/** A checkout, a home and a PATH of their own, which anybody may enter. */
const createMachine = ({ programs, env = {} }: Machine): ((script: string, ...args: readonly string[]) => Ran) => {
  const root = mkdtempSync(path.join(tmpdir(), 'services-'));
  atEnd(() => {
    rmSync(root, { recursive: true });
  });
  chmodSync(root, 0o755);
  const folder = (name: string): string => path.join(root, name);
  for (const name of ['bin', 'home', 'checkout', 'empty']) mkdirSync(folder(name));
  if (isRoot) chownSync(folder('home'), 65_534, 65_534);
  cpSync(path.join(projectRoot, 'scripts'), path.join(folder('checkout'), 'scripts'), { recursive: true });
  for (const tool of TOOLS) symlinkSync(locate(tool), path.join(folder('bin'), tool));
  const calls = folder('calls');
  writeFileSync(calls, '');
  chmodSync(calls, 0o666);
  for (const [name, does] of Object.entries(programs)) {
    rmSync(path.join(folder('bin'), name), { force: true });
    writeFileSync(path.join(folder('bin'), name), `#!${locate('bash')}\necho "${name} $*" >>'${calls}'\n${does}\n`, { mode: 0o755 });
  }
  return (script, ...args) => {
    const ran = spawnSync(path.join(folder('checkout'), 'scripts', script), args, {
      ...ORDINARY,
      cwd: folder('checkout'),
      // No file of an earlier start, and no PostgreSQL where Debian puts it.
      env: { PATH: folder('bin'), HOME: folder('home'), PG_BIN: folder('empty'), ...env },
      encoding: 'utf8',
      timeout: 20_000,
    });
    return {
      code: ran.status,
      said: `${ran.stdout}${ran.stderr}`.trim().split('\n'),
      left: readdirSync(folder('home')),
      calls: readFileSync(calls, 'utf8').trim().split('\n').filter(Boolean),
    };
  };
};

/** apt, which knows these packages and installs nothing. */
const apt = (...known: readonly string[]): Readonly<Record<string, string>> => ({
  'apt-get': 'exit 1',
  'apt-cache': `case $2 in ${[...known, '-'].join(' | ')}) exit 0 ;; *) exit 100 ;; esac`,
});

const installs = (ran: Ran): readonly string[] => ran.calls.filter((call) => call.startsWith('apt-get'));

describe.each(['up', 'check', 'install'])('%s, for an ordinary user without the packages', (command) => {
  test.each([
    ['Debian 12', ['postgresql-15', 'openjdk-17-jre-headless'], 'openjdk-17-jre-headless maven postgresql-15 redis-server'],
    ['a newer release', [], 'default-jre-headless maven postgresql redis-server'],
  ])('on %s stops with the one line that installs them', (_release, known, packages) => {
    const ran = createMachine({ programs: apt(...known) })('services', command);
    expect(ran).toMatchObject({
      code: 1,
      said: [`scripts/services: install what is missing with: sudo apt-get install -y ${packages}   (or start Docker)`],
      left: [],
    });
    expect(installs(ran)).toEqual([]);
  });
});

test('only what the named services need is missing', () => {
  const run = createMachine({ programs: apt() });
  const line = (packages: string): string =>
    `scripts/services: install what is missing with: sudo apt-get install -y ${packages}   (or start Docker)`;
  expect(run('services', 'up', 'redis').said).toEqual([line('redis-server')]);
  expect(run('services', 'up', 'postgres', 'redis').said).toEqual([line('postgresql redis-server')]);
});

test('what is there is not asked for', () => {
  const there = { java: '', mvn: '', 'redis-server': '' };
  expect(createMachine({ programs: { ...apt(), ...there } })('services', 'check').said).toEqual([
    'scripts/services: install what is missing with: sudo apt-get install -y postgresql   (or start Docker)',
  ]);
  const all = createMachine({ programs: { ...apt(), ...there, initdb: '' } });
  expect(all('services', 'check', 'kafka', 'redis')).toMatchObject({ code: 0, said: [''], left: [] });
});

test('a system without apt is told what is missing', () => {
  expect(createMachine({ programs: {} })('services', 'up')).toMatchObject({
    code: 1,
    said: ["scripts/services: missing: java maven postgres redis; install them with this system's package manager, or start Docker"],
    left: [],
  });
});

test('another system is told to start Docker', () => {
  expect(createMachine({ programs: { uname: 'echo Darwin' } })('services', 'up')).toMatchObject({
    code: 1,
    said: ['scripts/services: no Docker engine answers: on Darwin install and start Docker, then call this again'],
    left: [],
  });
});

test('a Docker that is installed but does not answer counts as none, and is told where it was asked for', () => {
  const programs = { ...apt(), docker: 'exit 1' };
  expect(createMachine({ programs })('services', 'up', 'redis').said).toEqual([
    'scripts/services: install what is missing with: sudo apt-get install -y redis-server   (or start Docker)',
  ]);
  expect(createMachine({ programs, env: { SVC_WITH: 'docker' } })('services', 'up')).toMatchObject({
    code: 1,
    said: ['scripts/services: SVC_WITH=docker, but no Docker engine with docker compose answers'],
    left: [],
  });
});

test('a Docker that answers is taken, whatever else is missing', () => {
  const run = createMachine({ programs: { ...apt(), docker: 'case $* in *"ps --status"*) echo 0123456789ab ;; esac' } });
  const ran = run('services', 'up');
  expect(ran).toMatchObject({ code: 0, said: ['kafka up', 'postgres up', 'redis up'] });
  const file = path.join(projectRoot, 'docker-compose.yml').slice(projectRoot.length);
  const compose = ran.calls.filter((call) => call.includes(' up '));
  expect(compose).toHaveLength(1);
  expect(compose[0]).toMatch(/^docker compose --project-name task-scheduler --file .* up --detach --wait --wait-timeout 90 kafka postgres redis$/);
  expect(compose[0]).toContain(`checkout${file}`);
  expect(installs(ran)).toEqual([]);
});

test("Kafka's metrics are asked for where Kafka was started with a port for them, and not in a container", () => {
  const there = { ...apt(), java: 'echo "${*: -3}"' };
  expect(createMachine({ programs: there })('services', 'jmx').said).toEqual([
    'scripts/services: jmx wants KAFKA_JMX_PORT, with which Kafka was started',
  ]);
  const asked = createMachine({ programs: there, env: { KAFKA_JMX_PORT: '9999' } })('services', 'jmx', '--one-time');
  expect(asked).toMatchObject({ code: 0, said: ['--jmx-url service:jmx:rmi:///jndi/rmi://127.0.0.1:9999/jmxrmi --one-time'] });
  expect(createMachine({ programs: { docker: '' } })('services', 'jmx').said).toEqual(['scripts/services: jmx needs SVC_WITH=packages']);
});

test('npm test says so before it installs or builds anything', () => {
  const fakes = { node: 'exit 1', npm: 'exit 1', mktemp: 'echo "$HOME"', rm: '' };
  const ran = createMachine({ programs: { ...apt(), ...fakes } })('test');
  expect(ran.code).toBe(1);
  expect(ran.said.slice(0, 2)).toEqual([
    'scripts/services: install what is missing with: sudo apt-get install -y default-jre-headless maven postgresql redis-server   (or start Docker)',
    'npm test: the services can not run here',
  ]);
  expect(ran.calls.filter((call) => call.startsWith('npm') || call.includes('isInstalled'))).toEqual([]);
});
