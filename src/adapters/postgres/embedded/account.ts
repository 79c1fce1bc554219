/** As whom the embedded server runs: PostgreSQL refuses root, so a root process starts it as the OS user `postgres`. */
import { execFile } from 'node:child_process';
import { stat } from 'node:fs/promises';
import path from 'node:path';
import { promisify } from 'node:util';

const run = promisify(execFile);

/** An OS account; undefined stands for the account of this process. */
export interface Account {
  readonly uid: number;
  readonly gid: number;
}

const NAME = 'postgres';

const idOf = async (flag: '-u' | '-g'): Promise<number> => Number((await run('id', [flag, NAME])).stdout.trim());

const lookUp = async (): Promise<Account> => ({ uid: await idOf('-u'), gid: await idOf('-g') });

const create = async (): Promise<void> => {
  try {
    await run('useradd', ['--system', '--user-group', '--no-create-home', '--shell', '/bin/false', NAME]);
  } catch {
    // Alpine has no useradd.
    await run('adduser', ['-S', '-D', '-H', '-s', '/bin/false', NAME]);
  }
};

/** The account for the server: undefined for an ordinary user, else the OS user `postgres`, made where there is none. */
export const serverAccount = async (): Promise<Account | undefined> => {
  if (process.getuid?.() !== 0) return undefined;
  try {
    return await lookUp();
  } catch {
    await create();
    return lookUp();
  }
};

/** Whether the account may pass through a folder and everything above it. A folder that doesn't exist yet is judged by what is above. */
export const canEnter = async (folder: string, account: Account): Promise<boolean> => {
  const info = await stat(folder).catch(() => undefined);
  if (info !== undefined) {
    const shift = info.uid === account.uid ? 6 : info.gid === account.gid ? 3 : 0;
    if (((info.mode >> shift) & 0o1) === 0) return false;
  }
  const parent = path.dirname(folder);
  return parent === folder || canEnter(parent, account);
};
