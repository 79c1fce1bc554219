/** Finds and loads users' own handlers: the default export of a module. */
import { existsSync } from 'node:fs';
import { createRequire } from 'node:module';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import type { Handler } from './handler';

/** The file of a module, named by its path from `folder` or as a package that is installed there. Throws where there is none. */
export const fileOfModule = (module: string, folder: string): string => {
  const file = path.resolve(folder, module);
  if (existsSync(file)) return createRequire(file).resolve(file);
  try {
    return createRequire(path.join(folder, 'package.json')).resolve(module);
  } catch {
    throw new Error(`there is no file ${file}, and no package ${module} in ${folder}`);
  }
};

const defaultOf = (loaded: unknown): unknown => (loaded as { readonly default?: unknown } | undefined)?.default;

/** Loads a handler's file. Rejects with the module's own error, or where its default export is no function. */
export const loadHandler = async (file: string): Promise<Handler> => {
  const loaded: unknown = await import(pathToFileURL(file).href);
  // A CommonJS module that a compiler made of `export default` has it one level deeper.
  const exported = [defaultOf(loaded), defaultOf(defaultOf(loaded))].find((one) => typeof one === 'function');
  if (exported === undefined) throw new Error(`${file} has no handler: its default export must be an async function of the task's context`);
  return exported as Handler;
};
