/** A standby of a PostgreSQL server that follows it by streaming, to be promoted when the server is gone. */
import { execFile } from 'node:child_process';
import { chmodSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { promisify } from 'node:util';
import { atEnd } from './cleanup';

export interface Standby {
  /** It takes writes from now on. */
  promote(): Promise<void>;
}

/** A standby refuses to start with fewer than its primary has. */
const MAX_CONNECTIONS = 500;

const run = promisify(execFile);
const isRoot = process.getuid?.() === 0;

/** The newest server that Debian's packages have put there; PG_BIN names another. */
const binaries = (): string => {
  const given = process.env['PG_BIN'];
  if (given !== undefined && given !== '') return given;
  const folder = '/usr/lib/postgresql';
  const versions = readdirSync(folder).sort((a, b) => Number(a) - Number(b));
  return path.join(folder, versions.includes('15') ? '15' : versions.at(-1)!, 'bin');
};

// PostgreSQL refuses to run as root.
const asServer = async (program: string, ...args: readonly string[]): Promise<void> => {
  const command = [path.join(binaries(), program), ...args];
  const [first, ...rest] = isRoot ? ['runuser', '-u', 'postgres', '--', ...command] : command;
  await run(first!, rest, { timeout: 60_000 });
};

/** Copies the server on `port` and follows it on `ownPort`; it is stopped and deleted when the test file ends. */
export const startStandby = async (port: number, ownPort: number): Promise<Standby> => {
  const folder = mkdtempSync(path.join(tmpdir(), 'standby-'));
  if (isRoot) await run('chown', ['postgres', folder]);
  chmodSync(folder, 0o755);
  const data = path.join(folder, 'data');
  atEnd(async () => {
    await asServer('pg_ctl', '-D', data, '-m', 'immediate', '-w', 'stop').catch(() => undefined);
    rmSync(folder, { recursive: true, force: true });
  });
  await asServer('pg_basebackup', '-h', '127.0.0.1', '-p', String(port), '-U', 'postgres', '-D', data, '-R', '-X', 'stream', '-c', 'fast');
  await asServer(
    'pg_ctl',
    '-D',
    data,
    '-w',
    '-s',
    '-l',
    path.join(folder, 'log'),
    '-o',
    `-p ${String(ownPort)} -h 127.0.0.1 -k '' -c max_connections=${String(MAX_CONNECTIONS)}`,
    'start',
  );
  return { promote: () => asServer('pg_ctl', '-D', data, '-w', '-s', 'promote') };
};
