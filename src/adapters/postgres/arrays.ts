/**
 * Rows as array parameters: a batch of any size is one statement with one parameter for each column. The literals are built
 * here because the driver's own way of writing arrays costs several times as much.
 */

type Value = string | number | bigint | null;

/** One parameter: a column of the batch, as the text of a PostgreSQL array. */
export interface ArrayColumn<Row> {
  /** The array's type, e.g. `integer[]`. */
  readonly type: string;
  literal(rows: readonly Row[]): string;
}

const NEEDS_ESCAPE = /["\\]/;
const ESCAPED = /["\\]/g;

/** Looked at first: a replacement that finds nothing costs several times a look, and most texts are names. */
const quoted = (text: string): string => (NEEDS_ESCAPE.test(text) ? `"${text.replace(ESCAPED, '\\$&')}"` : `"${text}"`);

const arrayOf = (items: readonly string[]): string => `{${items.join(',')}}`;

/** A column whose texts never need quotes: numbers and uuids. */
export const plain = <Row>(type: string, pick: (row: Row) => Value): ArrayColumn<Row> => ({
  type: `${type}[]`,
  literal: (rows) => arrayOf(rows.map((row) => String(pick(row) ?? 'NULL'))),
});

/** A column of any texts. */
export const texts = <Row>(pick: (row: Row) => string | null | undefined): ArrayColumn<Row> => ({
  type: 'text[]',
  literal: (rows) =>
    arrayOf(
      rows.map((row) => {
        const text = pick(row);
        return text === null || text === undefined ? 'NULL' : quoted(text);
      }),
    ),
});

/** A column of texts that people and handlers wrote and that nothing depends on: what no text can hold is left out of them. */
export const words = <Row>(pick: (row: Row) => string | null | undefined): ArrayColumn<Row> => texts((row) => pick(row)?.replaceAll('\0', ''));

/** A column of values kept as JSON text. Neighbours often share a value, as the tasks of a DAG their policy: it is written once. */
export const json = <Row>(pick: (row: Row) => object | null): ArrayColumn<Row> => ({
  type: 'text[]',
  literal: (rows) => {
    let last: { readonly value: object; readonly text: string } | undefined;
    return arrayOf(
      rows.map((row) => {
        const value = pick(row);
        if (value === null) return 'NULL';
        if (last?.value !== value) last = { value, text: quoted(JSON.stringify(value)) };
        return last.text;
      }),
    );
  },
});

/**
 * A column of arrays, which SQL can't nest where their lengths differ: each travels as the text of its literal, to be cast row
 * by row.
 */
export const nested = <Row>(pick: (row: Row) => readonly (string | number)[]): ArrayColumn<Row> =>
  texts((row) => arrayOf(pick(row).map((item) => (typeof item === 'number' ? String(item) : quoted(item)))));

/** `$1::uuid[], $2::integer[], …`, counted from `first`. */
export const parametersOf = (columns: readonly { readonly type: string }[], first = 1): string =>
  columns.map(({ type }, i) => `$${String(first + i)}::${type}`).join(', ');

/** The values of those parameters. */
export const valuesOf = <Row>(columns: readonly ArrayColumn<Row>[], rows: readonly Row[]): string[] => columns.map((column) => column.literal(rows));
