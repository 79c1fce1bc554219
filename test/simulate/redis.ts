/** A Redis in memory: the commands that the product's scripts call, with keys that expire by a clock of its own. */
import type { Script } from '../../src/adapters/redis/connection';
import { compileScript, type CompiledScript } from './lua';
import { tableOf, type LuaValue } from './luaLibrary';

type Value = string | Map<string, string>;

interface Entry {
  value: Value;
  /** Milliseconds since 1970; infinite for keys that stay. */
  until: number;
}

export interface SimulatedRedis {
  run(script: Script, args: readonly string[]): unknown;
  /** FLUSHALL. */
  flush(): void;
  /** For checks and tests: a key as it stands. */
  peek(key: string): Value | undefined;
}

type Command = (...args: string[]) => LuaValue;

/** By hash: each script is compiled once, for all runs. */
const compiled = new Map<string, CompiledScript>();

export const createSimulatedRedis = (micros: () => number): SimulatedRedis => {
  const keys = new Map<string, Entry>();
  const nowMs = (): number => Math.floor(micros() / 1000);

  const find = (key: string): Entry | undefined => {
    const entry = keys.get(key);
    if (entry === undefined || entry.until > nowMs()) return entry;
    keys.delete(key);
    return undefined;
  };
  const hash = (key: string): Map<string, string> => {
    const entry = find(key);
    if (entry?.value instanceof Map) return entry.value;
    const made = new Map<string, string>();
    keys.set(key, { value: made, until: Infinity });
    return made;
  };
  const dropEmpty = (key: string): void => {
    const entry = keys.get(key);
    if (entry?.value instanceof Map && entry.value.size === 0) keys.delete(key);
  };
  const expire = (key: string, ms: string): number => {
    const entry = find(key);
    if (entry === undefined) return 0;
    entry.until = nowMs() + Number(ms);
    return 1;
  };
  const set: Command = (key, value, ...options) => {
    const words = options.map((word) => word.toUpperCase());
    if (words.includes('NX') && find(key) !== undefined) return false;
    const at = words.indexOf('PX');
    keys.set(key, { value: value, until: at < 0 ? Infinity : nowMs() + Number(options[at + 1]) });
    return 'OK';
  };
  const count = (by: number): Command => {
    return (key) => {
      const entry = find(key);
      const value = Number(entry?.value ?? 0) + by;
      if (entry === undefined) keys.set(key, { value: String(value), until: Infinity });
      else entry.value = String(value);
      return value;
    };
  };
  const commands: Readonly<Record<string, Command>> = {
    TIME: () => {
      const now = Math.floor(micros());
      return tableOf([String(Math.floor(now / 1_000_000)), String(now % 1_000_000)]);
    },
    GET: (key) => {
      const value = find(key)?.value;
      return typeof value === 'string' ? value : false;
    },
    SET: set,
    EXISTS: (...names) => names.filter((key) => find(key) !== undefined).length,
    DEL: (...names) => names.filter((key) => find(key) !== undefined && keys.delete(key)).length,
    PEXPIRE: (key, ms) => expire(key, ms),
    PTTL: (key) => {
      const entry = find(key);
      return entry === undefined ? -2 : entry.until === Infinity ? -1 : entry.until - nowMs();
    },
    INCR: count(1),
    DECR: count(-1),
    HGET: (key, field) => hash(key).get(field) ?? false,
    HSET: (key, ...pairs) => {
      const map = hash(key);
      for (let i = 0; i < pairs.length; i += 2) map.set(pairs[i]!, pairs[i + 1]!);
      return pairs.length / 2;
    },
    HDEL: (key, ...fields) => {
      const map = hash(key);
      const gone = fields.filter((field) => map.delete(field)).length;
      dropEmpty(key);
      return gone;
    },
    HGETALL: (key) => {
      const all: string[] = [];
      for (const [field, value] of hash(key)) all.push(field, value);
      return tableOf(all);
    },
    HKEYS: (key) => tableOf([...hash(key).keys()]),
    HVALS: (key) => tableOf([...hash(key).values()]),
    HLEN: (key) => hash(key).size,
    HEXISTS: (key, field) => Number(hash(key).has(field)),
  };
  const call = (name: string, ...args: string[]): LuaValue => {
    const command = commands[name] ?? commands[name.toUpperCase()];
    if (command === undefined) throw new Error(`the simulated Redis has no ${name}: add it to test/simulate/redis.ts`);
    return command(...args);
  };
  return {
    run: ({ sha, text }, args) => {
      let script = compiled.get(sha);
      if (script === undefined) compiled.set(sha, (script = compileScript(text)));
      return script(args, call);
    },
    flush: () => {
      keys.clear();
    },
    peek: (key) => find(key)?.value,
  };
};
