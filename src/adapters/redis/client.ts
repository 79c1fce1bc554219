/**
 * Redis's client as this program uses it: without the 400 commands that it knows by name, and without its modules. A process that begins would spend
 * a third of its start on them, once in each thread that has a connection, and keep 30 MB for methods that nobody calls.
 */
import { Module, createRequire } from 'node:module';
import path from 'node:path';
import type { createClient as createWhole } from 'redis';

type Whole = ReturnType<typeof createWhole>;

/** Commands are sent by `sendCommand`. */
export type Client = Pick<Whole, 'isReady' | 'isOpen' | 'on' | 'once' | 'off' | 'connect' | 'sendCommand' | 'close' | 'destroy'>;

type CreateClient = (options: Parameters<typeof createWhole>[0]) => Client;

// No part of the package's types: what is left out lies inside.
const load = createRequire(createRequire(__filename).resolve('redis'));
const CLIENT = load.resolve('@redis/client/dist/lib/client/index.js');
const COMMANDS = load.resolve('@redis/client/dist/lib/commands/index.js');

/** No command has a method; those that the client itself sends, to greet with a password, are loaded when it looks for them. */
const commandsOnDemand = (): NodeJS.Module => {
  const commands = new Module(COMMANDS);
  const of = (_: object, name: string): unknown => (load(path.join(path.dirname(COMMANDS), name)) as { readonly default: unknown }).default;
  commands.exports = { __esModule: true, default: new Proxy({}, { get: of }) };
  commands.loaded = true;
  return commands;
};

/** Whoever else loads Redis's client in this process, as a handler may, gets a whole one of its own. */
const loadWithoutCommands = (): CreateClient => {
  const others = new Set(Object.keys(load.cache));
  if (!others.has(CLIENT)) load.cache[COMMANDS] = commandsOnDemand();
  const client = load(CLIENT) as { readonly default: { readonly create: CreateClient } };
  for (const file of Object.keys(load.cache)) if (!others.has(file)) Reflect.deleteProperty(load.cache, file);
  return client.default.create;
};

/** As the package's own. */
export const createClient = loadWithoutCommands();
