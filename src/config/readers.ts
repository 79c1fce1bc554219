/**
 * How one raw value (text of a variable or a flag, or what YAML holds) becomes a typed one. A reader never throws: it
 * answers the value, or what it expected instead.
 */
import { type HandlerConfig, ISOLATIONS, type SimulatedType } from './shape';

export type Reading<T> = { readonly value: T } | { readonly expected: string };

export interface Reader<T> {
  /** What it accepts, in words: part of every complaint, and of the documentation. */
  readonly accepts: string;
  read(raw: unknown): Reading<T>;
}

export const isExpected = <T>(reading: Reading<T>): reading is { readonly expected: string } => 'expected' in reading;

export const reader = <T>(accepts: string, read: (raw: unknown) => T | undefined): Reader<T> => ({
  accepts,
  read: (raw) => {
    const value = read(raw);
    return value === undefined ? { expected: accepts } : { value };
  },
});

const NUMBER = /^[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?$/i;

const asNumber = (raw: unknown): number | undefined => {
  const number = typeof raw === 'string' && NUMBER.test(raw.trim()) ? Number(raw) : raw;
  return typeof number === 'number' && Number.isFinite(number) ? number : undefined;
};

const between = (raw: unknown, min: number, max: number): number | undefined => {
  const number = asNumber(raw);
  return number !== undefined && number >= min && number <= max ? number : undefined;
};

const wholeBetween = (raw: unknown, min: number, max: number): number | undefined => {
  const number = between(raw, min, max);
  return number !== undefined && Number.isInteger(number) ? number : undefined;
};

export const whole = (min: number, max: number): Reader<number> =>
  reader(`a whole number from ${String(min)} to ${String(max)}`, (raw) => wholeBetween(raw, min, max));

/** A number of milliseconds. */
export const duration = (min: number, max = 86_400_000): Reader<number> =>
  reader(`a whole number of milliseconds from ${String(min)} to ${String(max)}`, (raw) => wholeBetween(raw, min, max));

export const fraction: Reader<number> = reader('a number from 0 to 1', (raw) => between(raw, 0, 1));

export const numberFrom = (min: number, max: number): Reader<number> =>
  reader(`a number from ${String(min)} to ${String(max)}`, (raw) => between(raw, min, max));

export const port: Reader<number> = reader('a port: a whole number from 0 to 65535', (raw) => wholeBetween(raw, 0, 65_535));

/** Text of 1 to 255 characters of the given pattern. */
export const text = (accepts = 'text', pattern = /^[^\0-\x1f]{1,255}$/): Reader<string> =>
  reader(accepts, (raw) => (typeof raw === 'string' && pattern.test(raw) ? raw : undefined));

export const topic: Reader<string> = text('a topic name: 1 to 249 letters, digits, dots, dashes or underscores', /^(?!\.{1,2}$)[\w.-]{1,249}$/);

export const id: Reader<string> = text('1 to 128 letters, digits, dots, colons, dashes or underscores', /^[\w.:-]{1,128}$/);

export const oneOf = <T extends string>(...choices: readonly T[]): Reader<T> =>
  reader(`one of ${choices.join(', ')}`, (raw) => choices.find((choice) => choice === raw));

/** A list in YAML, or text with commas. */
export const listOf = (item: Reader<string>, atLeast = 0): Reader<readonly string[]> =>
  reader(`a list (with commas in between) of ${atLeast > 0 ? `at least ${String(atLeast)}, each ` : ''}${item.accepts}`, (raw) => {
    const parts: readonly unknown[] | undefined =
      typeof raw === 'string'
        ? raw
            .split(',')
            .map((part) => part.trim())
            .filter((part) => part !== '')
        : Array.isArray(raw)
          ? raw
          : undefined;
    if (parts === undefined || parts.length < atLeast) return undefined;
    const values = parts.map((part) => item.read(part));
    return values.some(isExpected) ? undefined : values.flatMap((reading) => ('value' in reading ? [reading.value] : []));
  });

export const broker: Reader<string> = reader('host:port', (raw) => {
  const match = typeof raw === 'string' ? /^(?:\[[0-9a-f:]+\]|[\w.-]+):(\d{1,5})$/i.exec(raw) : null;
  return match !== null && Number(match[1]) > 0 && Number(match[1]) <= 65_535 ? (raw as string) : undefined;
});

export const url = (...protocols: readonly string[]): Reader<string> =>
  reader(`a URL that begins with ${protocols.map((protocol) => `${protocol}//`).join(' or ')}`, (raw) => {
    if (typeof raw !== 'string' || !URL.canParse(raw)) return undefined;
    return protocols.includes(new URL(raw).protocol) ? raw : undefined;
  });

export const yesOrNo: Reader<boolean> = reader('true or false', (raw) =>
  raw === true || raw === 'true' ? true : raw === false || raw === 'false' ? false : undefined,
);

export const nullable = <T>(inner: Reader<T>): Reader<T | null> => ({
  accepts: inner.accepts,
  read: (raw) => (raw === null ? { value: null } : inner.read(raw)),
});

const MAX_SIMULATED_MS = 86_400_000;

/** A fixed time or two bounds: 50, [10, 100], "50", "10-100". */
export const range: Reader<readonly [number, number]> = reader(
  'milliseconds, fixed (50) or drawn between two bounds ([10, 100], or 10-100 as text)',
  (raw) => {
    const parts = Array.isArray(raw) ? (raw as readonly unknown[]) : typeof raw === 'string' ? raw.split(/[-,]/) : [raw];
    const [min, max = min] = parts.map((part) => between(part, 0, MAX_SIMULATED_MS));
    return parts.length <= 2 && min !== undefined && max !== undefined && min <= max ? [min, max] : undefined;
  },
);

export const isObject = (raw: unknown): raw is Record<string, unknown> => typeof raw === 'object' && raw !== null && !Array.isArray(raw);

export const fromJson = (json: string): unknown => {
  try {
    return JSON.parse(json);
  } catch {
    return undefined;
  }
};

/** `{TYPE: {durationMs, failureRate}}`, each part optional. */
export const simulatedTypes: Reader<Readonly<Record<string, Partial<SimulatedType>>>> = reader(
  'a map of task types, each {durationMs: 50 or [10, 100], failureRate: 0 to 1}',
  (given) => {
    const raw = typeof given === 'string' ? fromJson(given) : (given ?? {});
    if (!isObject(raw)) return undefined;
    const types: Record<string, Partial<SimulatedType>> = {};
    for (const [type, given] of Object.entries(raw)) {
      const read = readSimulatedType(given);
      if (read === undefined) return undefined;
      types[type] = read;
    }
    return types;
  },
);

const readSimulatedType = (given: unknown): Partial<SimulatedType> | undefined => {
  if (!isObject(given)) return undefined;
  const { durationMs, failureRate, ...unknown } = given;
  const time = nullable(range).read(durationMs ?? null);
  const rate = nullable(fraction).read(failureRate ?? null);
  if (Object.keys(unknown).length > 0 || isExpected(time) || isExpected(rate)) return undefined;
  return { ...(time.value !== null && { durationMs: time.value }), ...(rate.value !== null && { failureRate: rate.value }) };
};

const FILE = text('a file or a package', /^[^\0-\x1f]{1,4096}$/);
const HEAP_MB = nullable(whole(16, 1_048_576));

const readHandler = (given: unknown): HandlerConfig | undefined => {
  if (!isObject(given)) return undefined;
  const { type: givenType, module: givenModule, isolation: givenIsolation, heapMb: givenHeap, ...unknown } = given;
  const type = id.read(givenType);
  const module = FILE.read(givenModule);
  const isolation = oneOf(...ISOLATIONS).read(givenIsolation ?? 'thread');
  const heapMb = HEAP_MB.read(givenHeap ?? null);
  if (Object.keys(unknown).length > 0 || isExpected(type) || isExpected(module) || isExpected(isolation) || isExpected(heapMb)) return undefined;
  return { type: type.value, module: module.value, isolation: isolation.value, heapMb: heapMb.value };
};

/** `[{type, module, isolation?, heapMb?}]`, each type once. */
export const handlers: Reader<readonly HandlerConfig[]> = reader(
  'a list of handlers, each type once: {type: COUNT_LINES, module: ./countLines.mjs, isolation: none, thread (the default) or process, heapMb: 16 or more}',
  (given) => {
    const raw = typeof given === 'string' ? fromJson(given) : (given ?? []);
    if (!Array.isArray(raw)) return undefined;
    const read = raw.map(readHandler).filter((handler) => handler !== undefined);
    return read.length === raw.length && new Set(read.map(({ type }) => type)).size === read.length ? read : undefined;
  },
);
