/** Learned run times as rows, written some hundred at a time, every few seconds. */
import { createHash } from 'node:crypto';
import type { RunTime } from '../../core/runTimes';
import type { RunTimeStore } from '../../ports/runTimes';
import { type ArrayColumn, json, parametersOf, plain, texts, valuesOf } from './arrays';
import type { Database } from './database';
import { reaching } from './failures';

interface Row {
  readonly version: string;
  readonly dag_name: string | null;
  readonly name: string;
  readonly samples: number;
  readonly mean_ms: number;
  readonly buckets: string | null;
}

/** Names may be longer than an index's row can be. */
const keyOf = ({ dagName, name }: RunTime): string =>
  createHash('md5')
    .update(JSON.stringify([dagName, name]))
    .digest('hex');

const COLUMNS: readonly ArrayColumn<RunTime>[] = [
  plain('uuid', keyOf),
  texts(({ dagName }) => dagName),
  texts(({ name }) => name),
  plain('double precision', ({ samples }) => samples),
  plain('double precision', ({ meanMs }) => meanMs),
  json(({ buckets }) => buckets),
];

// In the order of the keys, so that two schedulers never wait for each other in a circle.
const WRITE = `
  INSERT INTO run_times AS r (key, dag_name, name, samples, mean_ms, buckets)
  SELECT key, dag_name, name, samples, mean_ms, buckets
  FROM unnest(${parametersOf(COLUMNS)}) AS u (key, dag_name, name, samples, mean_ms, buckets) ORDER BY key
  ON CONFLICT (key) DO UPDATE SET samples = excluded.samples, mean_ms = excluded.mean_ms, buckets = excluded.buckets, version = excluded.version`;

const READ = `
  SELECT version, dag_name, name, samples, mean_ms, buckets FROM run_times WHERE version > $1::bigint ORDER BY version LIMIT $2`;

const TRIM = `DELETE FROM run_times WHERE version <= (SELECT version FROM run_times ORDER BY version DESC OFFSET $1::integer LIMIT 1)`;

const timeOf = (row: Row): RunTime => ({
  dagName: row.dag_name,
  name: row.name,
  samples: row.samples,
  meanMs: row.mean_ms,
  buckets: row.buckets === null ? null : (JSON.parse(row.buckets) as [number, number][]),
});

/** Makes the RunTimeStore of an open, migrated database. */
export const createRunTimeStore = ({ engine: pool }: Pick<Database, 'engine'>): RunTimeStore => ({
  write: (times) =>
    reaching(async () => {
      if (times.length > 0) await pool.query({ name: 'write_run_times', text: WRITE, values: valuesOf(COLUMNS, times) });
    }),
  read: (after, limit) =>
    reaching(async () => {
      const { rows } = await pool.query<Row>({ name: 'read_run_times', text: READ, values: [after ?? '0', limit] });
      return { times: rows.map(timeOf), next: rows.at(-1)?.version ?? after };
    }),
  trim: (most) => reaching(async () => (await pool.query({ name: 'trim_run_times', text: TRIM, values: [most] })).rowCount ?? 0),
});
