/** The sources as JavaScript in a temporary folder, for what must start from a file: threads and processes. */
import { mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { transformFileSync } from '@swc/core';
import { atEnd } from './cleanup';
import { projectRoot } from './processes';

const OPTIONS = {
  swcrc: false,
  configFile: false,
  // As tsc leaves it: users' modules are loaded by a real import().
  module: { type: 'commonjs', ignoreDynamic: true },
  jsc: { target: 'es2023', keepClassNames: true, parser: { syntax: 'typescript' } },
} as const;

/** Compiles `folders` of src, and answers where they are; the copy is removed when the test file ends. */
export const compiled = (folders: readonly string[]): string => {
  const to = mkdtempSync(path.join(tmpdir(), 'compiled-'));
  atEnd(() => {
    rmSync(to, { recursive: true, force: true });
  });
  for (const folder of folders) {
    const from = path.join(projectRoot, 'src', folder);
    for (const file of readdirSync(from, { recursive: true, encoding: 'utf8' }).filter((name) => name.endsWith('.ts'))) {
      const target = path.join(to, folder, file.replace(/ts$/, 'js'));
      mkdirSync(path.dirname(target), { recursive: true });
      writeFileSync(target, transformFileSync(path.join(from, file), OPTIONS).code);
    }
  }
  return to;
};
