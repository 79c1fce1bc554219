/** Finds and loads users' own handlers: the default export of a module, and its export `batch` where one call takes many tasks. */
import { existsSync } from 'node:fs';
import { createRequire } from 'node:module';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import type { BatchHandler, Handler } from '../core/handler';
import { batchLimitsOf } from './batch';
import type { Loaded } from './work';

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

interface Exports {
  readonly default?: unknown;
  readonly batch?: unknown;
}

const defaultOf = (loaded: unknown): unknown => (loaded as Exports | undefined)?.default;
const batchIn = (loaded: unknown): unknown => (loaded as Exports | undefined)?.batch;

/** Loads a handler's file. Rejects with the module's own error, or where what it exports is no handler. */
export const loadHandler = async (file: string): Promise<Loaded> => {
  const loaded: unknown = await import(pathToFileURL(file).href);
  // A CommonJS module that a compiler made of `export default` has it one level deeper.
  const exported = [defaultOf(loaded), defaultOf(defaultOf(loaded))].find((one) => typeof one === 'function');
  if (exported === undefined) throw new Error(`${file} has no handler: its default export must be an async function of the task's context`);
  const batch = [loaded, defaultOf(loaded)].map(batchIn).find((one) => one !== undefined);
  return batch === undefined ? (exported as Handler) : { handle: exported as BatchHandler, batch: batchLimitsOf(batch) };
};
