// Compiles src/ and test/simulate/ into a folder, in about a second and without a type check: what `npm run simulate` and the
// planted bugs run.
import { transformFile } from '@swc/core';
import { mkdir, readdir, writeFile } from 'node:fs/promises';
import path from 'node:path';

const OPTIONS = {
  swcrc: false,
  configFile: false,
  sourceMaps: 'inline',
  module: { type: 'commonjs' },
  jsc: {
    target: 'es2023',
    keepClassNames: true,
    parser: { syntax: 'typescript', decorators: true },
    transform: { legacyDecorator: true, decoratorMetadata: false },
  },
};

const sourcesIn = async (folder) => {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  return entries
    .filter((entry) => entry.isFile() && entry.name.endsWith('.ts') && !entry.name.endsWith('.d.ts'))
    .map((entry) => path.join(entry.parentPath ?? entry.path, entry.name));
};

/** Compiles the folders `from`/src and `from`/test/simulate into `to`, keeping their paths. */
export const transpile = async (from, to, folders = ['src', 'test/simulate']) => {
  const files = (await Promise.all(folders.map((folder) => sourcesIn(path.join(from, folder))))).flat();
  await Promise.all(
    files.map(async (file) => {
      const target = path.join(to, path.relative(from, file).replace(/\.ts$/, '.js'));
      const { code } = await transformFile(file, { ...OPTIONS, filename: file });
      await mkdir(path.dirname(target), { recursive: true });
      await writeFile(target, code);
    }),
  );
};
