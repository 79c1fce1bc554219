/** Checks of single values: what the doors of the core are built from. */

export type Check = (value: unknown) => boolean;

export const text: Check = (value) => typeof value === 'string';
/** What ends in a column of its own: no database takes a zero character. */
export const name: Check = (value) => typeof value === 'string' && !value.includes('\0');
export const textOrNull: Check = (value) => value === null || typeof value === 'string';
export const count: Check = (value) => Number.isSafeInteger(value) && (value as number) >= 0;
export const time: Check = (value) => typeof value === 'number' && Number.isFinite(value) && value >= 0 && value < 8.64e15;
export const fraction: Check = (value) => typeof value === 'number' && value >= 0 && value <= 1;
export const flag: Check = (value) => typeof value === 'boolean';
const LARGEST_FENCE = '9223372036854775807';
export const fence: Check = (value) =>
  typeof value === 'string' && /^(0|[1-9]\d{0,18})$/.test(value) && (value.length < LARGEST_FENCE.length || value <= LARGEST_FENCE);
export const record: Check = (value) => typeof value === 'object' && value !== null;
/** Absent, or as `check` says. */
export const optional =
  (check: Check): Check =>
  (value) =>
    value === undefined || check(value);
export const orNull =
  (check: Check): Check =>
  (value) =>
    value === null || check(value);
export const listOf =
  (check: Check): Check =>
  (value) =>
    Array.isArray(value) && value.every(check);

export type Shape = Readonly<Record<string, Check>>;

/** Whether a value is an object each of whose `fields` is right; it may have others. */
export const has = (value: unknown, fields: Shape): boolean => {
  if (!record(value)) return false;
  for (const field in fields) if (!fields[field]!((value as Record<string, unknown>)[field])) return false;
  return true;
};
