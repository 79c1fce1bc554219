/** Where the embedded server keeps its data, so that its account can reach it and a restart finds it again. */
import { createHash, randomBytes } from 'node:crypto';
import { chmod, chown, mkdir, readFile, realpath, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import path from 'node:path';
import { type Account, canEnter } from './account';

/** For root only: a folder that every account can enter, and that survives a restart of the machine. */
const SYSTEM_FOLDER = '/var/lib/task-scheduler';

/** A home of one embedded server. */
export interface Place {
  /** Holds everything below. */
  readonly folder: string;
  /** PostgreSQL's own data folder. */
  readonly cluster: string;
  readonly logFile: string;
  readonly account: Account | undefined;
}

const ownedBy = async (file: string, account: Account | undefined): Promise<void> => {
  if (account !== undefined) await chown(file, account.uid, account.gid);
};

const folderFor = async (dataDir: string, account: Account | undefined): Promise<string> => {
  await mkdir(dataDir, { recursive: true });
  const real = await realpath(dataDir);
  if (account === undefined || (await canEnter(real, account))) return path.join(real, 'postgres');
  return path.join(SYSTEM_FOLDER, createHash('sha256').update(real).digest('hex').slice(0, 16), 'postgres');
};

/** Makes the place for a data folder; `onMoved` is told where the data lies when it can't lie there. */
export const preparePlace = async (dataDir: string, account: Account | undefined, onMoved: (from: string, to: string) => void): Promise<Place> => {
  const wanted = await folderFor(dataDir, account);
  const isElsewhere = wanted.startsWith(`${SYSTEM_FOLDER}/`) && !path.resolve(dataDir).startsWith(`${SYSTEM_FOLDER}/`);
  if (isElsewhere) onMoved(path.resolve(dataDir), wanted);
  await mkdir(wanted, { recursive: true });
  const folder = await realpath(wanted);
  // Whatever this process's umask: what is above may be passed through, the folder itself belongs to the server's account.
  if (isElsewhere) for (const above of [SYSTEM_FOLDER, path.dirname(folder)]) await chmod(above, 0o755);
  await chmod(folder, 0o700);
  await ownedBy(folder, account);
  return { folder, cluster: path.join(folder, 'cluster'), logFile: path.join(folder, 'postgres.log'), account };
};

/** Where copies of programs go, for this account. */
export const copiesFolder = (place: Place): string => (place.account === undefined ? place.folder : SYSTEM_FOLDER);

/** A text that is kept in the place: read, or made and written once. Only the server's account and root can read it. */
const kept = async (place: Place, name: string, make: () => string | Promise<string>): Promise<string> => {
  const file = path.join(place.folder, name);
  const old = await readFile(file, 'utf8').catch(() => '');
  if (old !== '') return old;
  try {
    await writeFile(file, await make(), { mode: 0o600, flag: 'wx' });
    await ownedBy(file, place.account);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
  }
  return readFile(file, 'utf8');
};

/** The file with the superuser's password, and what it says. */
export const password = async (place: Place): Promise<{ readonly file: string; readonly text: string }> => ({
  text: await kept(place, 'password', () => randomBytes(18).toString('hex')),
  file: path.join(place.folder, 'password'),
});

const listen = (port: number): Promise<number> =>
  new Promise((resolve, reject) => {
    const server = createServer();
    server.once('error', reject);
    server.listen(port, '127.0.0.1', () => {
      const address = server.address();
      server.close(() => {
        resolve(address !== null && typeof address === 'object' ? address.port : port);
      });
    });
  });

/** The port kept from earlier starts, or another free one where that is taken by now. */
export const keptPort = async (place: Place): Promise<number> => {
  const port = Number(await kept(place, 'port', async () => String(await listen(0))));
  try {
    return await listen(port);
  } catch {
    const other = await listen(0);
    await writeFile(path.join(place.folder, 'port'), String(other), { mode: 0o600 });
    return other;
  }
};
