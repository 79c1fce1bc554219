/** Filters as SQL: a client's texts only ever become parameters, never part of a statement. */

/** The parameters of one statement, numbered in the order of asking. */
export interface Parameters {
  /** The placeholder (`$3`) of this value. */
  of(value: unknown): string;
  readonly values: unknown[];
}

/** Makes an empty list of parameters. */
export const createParameters = (): Parameters => {
  const values: unknown[] = [];
  return { values, of: (value) => `$${String(values.push(value))}` };
};

/** All of these conditions, or true where there are none. */
export const allOf = (conditions: readonly string[]): string => (conditions.length === 0 ? 'true' : conditions.join(' AND '));

/** Any of these conditions. */
export const anyOf = (conditions: readonly string[]): string => `(${conditions.join(' OR ')})`;

/** How much of a name the index over names holds (see the migrations). */
const INDEXED_NAME = 64;

// By code points, as PostgreSQL's left() counts.
const startOf = (text: string): string => Array.from(text).slice(0, INDEXED_NAME).join('');

/** `text` as a LIKE pattern for everything that begins with it. */
const prefixPattern = (text: string): string => `${text.replace(/[\\%_]/g, '\\$&')}%`;

/** A filter by name: exact, or a prefix where it ends in `*`. The name's beginning is what an index can know. */
export const nameIs = (column: string, name: string, parameters: Parameters): string => {
  const start = `left(${column}, ${String(INDEXED_NAME)})`;
  if (!name.endsWith('*')) return `${start} = ${parameters.of(startOf(name))} AND ${column} = ${parameters.of(name)}`;
  const prefix = name.slice(0, -1);
  return `${start} LIKE ${parameters.of(prefixPattern(startOf(prefix)))} AND ${column} LIKE ${parameters.of(prefixPattern(prefix))}`;
};

/** A window over a column of times, both ends exclusive; milliseconds since 1970. */
export const createdWithin = (
  column: string,
  window: { readonly createdAfter?: number; readonly createdBefore?: number },
  parameters: Parameters,
): string[] => {
  const at = (ms: number): string => `to_timestamp(${parameters.of(ms)}::double precision / 1000)`;
  const { createdAfter, createdBefore } = window;
  return [
    ...(createdAfter === undefined ? [] : [`${column} > ${at(createdAfter)}`]),
    ...(createdBefore === undefined ? [] : [`${column} < ${at(createdBefore)}`]),
  ];
};

/** Our own constants as a SQL list: only from literals can the planner see that a partial index covers them. */
export const literalList = (values: readonly string[]): string => values.map((value) => `'${value.replaceAll("'", "''")}'`).join(', ');
