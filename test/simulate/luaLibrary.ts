/** Lua's values and the functions that Redis scripts may call. */

export type LuaValue = undefined | boolean | number | string | LuaTable | ((...args: never[]) => unknown);

/** Several values of one call; no value is an array. */
export type Multi = readonly LuaValue[];

const NOTHING: ReadonlyMap<LuaValue, LuaValue> = new Map();

export class LuaTable {
  private entries = NOTHING as Map<LuaValue, LuaValue>;

  /** Index 1 is items[0]; they are the table's own from now on. */
  constructor(readonly items: LuaValue[] = []) {}

  get(key: LuaValue): LuaValue {
    return typeof key === 'number' && key >= 1 && key <= this.items.length ? this.items[key - 1] : this.entries.get(key);
  }
  set(key: LuaValue, value: LuaValue): void {
    if (typeof key === 'number' && key >= 1 && key <= this.items.length + 1) {
      if (value === undefined && key === this.items.length) this.items.pop();
      else this.items[key - 1] = value;
    } else if (value !== undefined) {
      // Most tables are lists.
      if (this.entries === NOTHING) this.entries = new Map();
      this.entries.set(key, value);
    } else if (this.entries !== NOTHING) this.entries.delete(key);
  }
  pairs(): [LuaValue, LuaValue][] {
    return [...this.items.map((item, i): [LuaValue, LuaValue] => [i + 1, item]), ...this.entries];
  }
}

/** A table of items, which become its own, and entries. */
export const tableOf = (items: LuaValue[], entries: readonly (readonly [LuaValue, LuaValue])[] = []): LuaTable => {
  const table = new LuaTable(items);
  for (const [key, value] of entries) table.set(key, value);
  return table;
};

const truthy = (value: LuaValue): boolean => value !== undefined && value !== false;
const number = (value: LuaValue): number => {
  const parsed = typeof value === 'number' ? value : typeof value === 'string' ? Number(value) : NaN;
  if (Number.isNaN(parsed)) throw new TypeError(`Lua: no number, but a ${typeof value}`);
  return parsed;
};
const text = (value: LuaValue): string => {
  if (typeof value === 'number') return String(value);
  if (typeof value !== 'string') throw new TypeError(`Lua: no text, but a ${typeof value}`);
  return value;
};
const compare = (left: LuaValue, right: LuaValue): number => {
  if (typeof left !== typeof right || (typeof left !== 'number' && typeof left !== 'string')) throw new TypeError('Lua: these cannot be compared');
  return left === right ? 0 : left < (right as typeof left) ? -1 : 1;
};

const CLASSES: Readonly<Record<string, string>> = { d: '\\d', a: '[A-Za-z]', s: '\\s', S: '\\S', w: '[A-Za-z0-9]', D: '\\D' };
const patterns = new Map<string, RegExp>();

/** A Lua pattern as a regular expression: classes, sets, captures and the anchors. */
const regExpOf = (pattern: string): RegExp => {
  const known = patterns.get(pattern);
  if (known !== undefined) return known;
  const source = pattern
    .replace(/(%\w|\]|\.)-/g, '$1*?')
    .replace(/%(.)/g, (_, char: string) => CLASSES[char] ?? `\\${char}`)
    .replace(/[{}|/]/g, '\\$&');
  const made = new RegExp(source);
  patterns.set(pattern, made);
  return made;
};

const match = (value: LuaValue, pattern: LuaValue): LuaValue | Multi => {
  const found = regExpOf(text(pattern)).exec(text(value));
  if (found === null) return undefined;
  return found.length === 1 ? found[0] : found.slice(1);
};

/** What `for … in` walks: for each match a list with its captures, or with the match itself. */
const gmatch = (value: LuaValue, pattern: LuaValue): LuaValue[][] =>
  [...text(value).matchAll(new RegExp(regExpOf(text(pattern)), 'g'))].map((found) => (found.length === 1 ? [found[0]] : found.slice(1)));

const gsub = (value: LuaValue, pattern: LuaValue, by: LuaValue): Multi => {
  const replacement = text(by).replace(/\$/g, '$$$$').replace(/%(\d)/g, '$$$1');
  return [text(value).replace(regExpOf(text(pattern)), replacement), 1];
};

type Slot = (value: LuaValue) => string;
/** What of a template stands before its first slot, and each slot with what stands behind it. */
interface Template {
  readonly first: string;
  readonly slots: readonly { readonly slot: Slot; readonly behind: string }[];
}
const templates = new Map<string, Template>();

const slotOf = (digits: string | undefined, kind: string): Slot => {
  if (kind === 's') return (value) => (typeof value === 'boolean' ? String(value) : text(value));
  const places = kind === 'd' ? 0 : Number(digits ?? 6);
  return (value) => number(value).toFixed(places);
};

const templateOf = (template: string): Template => {
  const known = templates.get(template);
  if (known !== undefined) return known;
  if (/%(?!(?:\.\d)?[sdf])/.test(template)) throw new SyntaxError(`no Lua format that is known here: ${template}`);
  // Every third part stands for itself; before it come the digits and the kind of its slot.
  const [first = '', ...parts] = template.split(/%(?:\.(\d))?([sdf])/);
  const slots = parts.flatMap((kind, i) => (i % 3 === 1 ? [{ slot: slotOf(parts[i - 1], kind), behind: parts[i + 1]! }] : []));
  const made = { first, slots };
  templates.set(template, made);
  return made;
};

const format = (template: LuaValue, ...values: LuaValue[]): string => {
  const { first, slots } = templateOf(text(template));
  return slots.reduce((made, { slot, behind }, i) => made + slot(values[i]) + behind, first);
};

const tonumber = (value: LuaValue): number | undefined => {
  if (typeof value === 'number') return value;
  if (typeof value !== 'string' || value.trim() === '') return undefined;
  const parsed = Number(value);
  return Number.isNaN(parsed) ? undefined : parsed;
};

export interface LuaLibrary {
  readonly operators: Readonly<Record<string, unknown>>;
  readonly globals: Readonly<Record<string, unknown>>;
  /** From now on redis.call is this. */
  enter(call: (...args: string[]) => LuaValue): void;
}

const callable = (functions: Readonly<Record<string, unknown>>): LuaTable => tableOf([], Object.entries(functions) as [string, LuaValue][]);

const OPERATORS = {
  truthy,
  number,
  text,
  compare,
  modulo: (left: LuaValue, right: LuaValue) => number(left) - Math.floor(number(left) / number(right)) * number(right),
  one: (value: LuaValue | Multi) => (Array.isArray(value) ? (value as Multi)[0] : value),
  all: (value: LuaValue | Multi): Multi => (Array.isArray(value) ? (value as Multi) : [value as LuaValue]),
  or: (left: LuaValue, right: () => LuaValue) => (truthy(left) ? left : right()),
  and: (left: LuaValue, right: () => LuaValue) => (truthy(left) ? right() : left),
  size: (value: LuaValue) => (value instanceof LuaTable ? value.items.length : text(value).length),
  get: (table: LuaValue, key: LuaValue) => {
    if (!(table instanceof LuaTable)) throw new TypeError(`Lua: an index of what is no table`);
    return table.get(key);
  },
  set: (table: LuaValue, key: LuaValue, value: LuaValue) => {
    if (!(table instanceof LuaTable)) throw new TypeError(`Lua: an index of what is no table`);
    table.set(key, value);
  },
  table: tableOf,
};

const GLOBALS = {
  KEYS: tableOf([]),
  string: callable({ match, gmatch, gsub, format, sub: (value: LuaValue, from: number, to?: number) => text(value).slice(from - 1, to) }),
  math: callable({ max: Math.max, min: Math.min, floor: Math.floor, ceil: Math.ceil }),
  table: callable({ insert: (into: LuaTable, value: LuaValue) => into.items.push(value) }),
  tonumber,
  tostring: (value: LuaValue) => (typeof value === 'string' || typeof value === 'number' ? String(value) : typeof value),
  type: (value: LuaValue) => (value === undefined ? 'nil' : value instanceof LuaTable ? 'table' : typeof value),
  ipairs: (over: LuaTable) => over.items.map((item, i) => [i + 1, item]),
  pairs: (over: LuaTable) => over.pairs(),
  unpack: (from: LuaTable) => [...from.items],
};

export const createLuaLibrary = (): LuaLibrary => {
  let current: (...args: string[]) => LuaValue = () => undefined;
  return {
    operators: OPERATORS,
    globals: { ...GLOBALS, redis: callable({ call: (...args: LuaValue[]) => current(...args.map(text)) }) },
    enter: (call) => {
      current = call;
    },
  };
};
