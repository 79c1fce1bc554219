/**
 * Redis's client as this program uses it: without the 400 commands that it knows by name, and without its modules. A process that begins would spend
 * a third of its start on them, once in each thread that has a connection, and keep several MB for methods that nobody calls.
 */
import { Module, createRequire } from 'node:module';
import type { createClient as createWhole } from 'redis';

type Whole = ReturnType<typeof createWhole>;

/** Commands are sent by `sendCommand`. */
export type Client = Pick<Whole, 'isReady' | 'isOpen' | 'on' | 'once' | 'off' | 'connect' | 'sendCommand' | 'close' | 'destroy'>;

type CreateClient = (options: Parameters<typeof createWhole>[0]) => Client;

// No part of the package's types: what is left out lies inside.
const load = createRequire(createRequire(__filename).resolve('redis'));
const CLIENT = load.resolve('@redis/client/dist/lib/client/index.js');
const COMMANDS = load.resolve('@redis/client/dist/lib/commands/index.js');

/** In place of the list of all commands. What the client itself sends, to greet, it loads by itself. */
const noCommands = (): NodeJS.Module => {
  const commands = new Module(COMMANDS);
  commands.exports = { __esModule: true, default: {} };
  commands.loaded = true;
  return commands;
};

/** Whoever else loads Redis's client in this process, as a handler may, gets a whole one of its own. */
const loadWithoutCommands = (): CreateClient => {
  const others = new Set(Object.keys(load.cache));
  if (!others.has(COMMANDS)) load.cache[COMMANDS] = noCommands();
  try {
    return (load(CLIENT) as { readonly default: { readonly create: CreateClient } }).default.create;
  } finally {
    for (const file of Object.keys(load.cache)) if (!others.has(file)) Reflect.deleteProperty(load.cache, file);
  }
};

/** As the package's own. */
export const createClient = loadWithoutCommands();
