/** The dead letters: as the API shows them, and what closes them. */
import type { Pool } from 'pg';
import type { LetterKind, TaskError } from '../../core/dag';
import type { DagId } from '../../core/ids';
import {
  replayKeyOf,
  type DeadLetterDetail,
  type DeadLetterFilter,
  type DeadLetterStore,
  type DeadLetterView,
  type DeadLetterViews,
  type LetterState,
} from '../../ports/letters';
import type { TaskViews } from '../../ports/views';
import { allOf, createParameters, literalList, type Parameters } from './conditions';
import type { Database } from './database';
import { reaching } from './failures';
import { readAttempts } from './historyViews';
import { isRowNumber } from './rowNumbers';

export interface LetterRow {
  readonly id: string;
  readonly dag_id: DagId | null;
  readonly index: number | null;
  readonly dispatch: number | null;
  readonly dag_name: string | null;
  readonly task_name: string | null;
  readonly type: string | null;
  readonly kind: LetterKind;
  readonly error: string | null;
  readonly failed_at: Date;
  readonly state: LetterState;
  readonly settled_at: Date | null;
  readonly settled_by: string | null;
  readonly published_at: Date | null;
  readonly place: string | null;
  readonly offset: string | null;
  readonly raw: string | null;
}

export const LETTER_COLUMNS = `id, dag_id, index, dispatch, dag_name, task_name, type, kind, error, failed_at, state, settled_at, settled_by, published_at,
  place, "offset", raw`;

const taskOf = ({ dag_id: dag, index, dispatch, task_name: name, type, dag_name: dagName }: LetterRow): DeadLetterView['task'] =>
  dag === null || index === null
    ? null
    : { ref: { dag, task: index }, dispatch: dispatch ?? 0, name: name ?? '', type: type ?? '', dagName: dagName ?? '' };

export const letterView = (row: LetterRow): DeadLetterView => ({
  id: row.id,
  state: row.state,
  kind: row.kind,
  failedAt: row.failed_at.getTime(),
  task: taskOf(row),
  record: row.dag_id === null ? { place: row.place ?? '', offset: row.offset ?? '', raw: row.raw ?? '' } : null,
  error: row.error === null ? null : (JSON.parse(row.error) as TaskError),
  settledAt: row.settled_at?.getTime() ?? null,
  settledBy: row.settled_by,
  publishedAt: row.published_at?.getTime() ?? null,
});

/** A filter by name: exact, or a prefix where it ends in `*`. */
const named = (column: string, name: string, parameters: Parameters): string =>
  name.endsWith('*') ? `starts_with(${column}, ${parameters.of(name.slice(0, -1))})` : `${column} = ${parameters.of(name)}`;

const STATES: readonly LetterState[] = ['OPEN', 'REPLAYED', 'DISCARDED'];

const conditionsOf = (filter: DeadLetterFilter, parameters: Parameters): string[] => {
  const at = (ms: number): string => `to_timestamp(${parameters.of(ms)}::double precision / 1000)`;
  const { state, kind, type, dag, dagName, taskName, failedAfter, failedBefore } = filter;
  return [
    // Our own words, so that the planner sees that the index over open letters covers them.
    ...(state === undefined ? [] : [`state IN (${literalList(STATES.filter((one) => state.includes(one)))})`]),
    ...(kind === undefined ? [] : [`kind = ANY (${parameters.of(kind)}::text[])`]),
    ...(type === undefined ? [] : [`type = ${parameters.of(type)}`]),
    ...(dag === undefined ? [] : [`dag_id = ${parameters.of(dag)}::uuid`]),
    ...(dagName === undefined ? [] : [named('dag_name', dagName, parameters)]),
    ...(taskName === undefined ? [] : [named('task_name', taskName, parameters)]),
    ...(failedAfter === undefined ? [] : [`failed_at > ${at(failedAfter)}`]),
    ...(failedBefore === undefined ? [] : [`failed_at < ${at(failedBefore)}`]),
  ];
};

const listLetters = async (pool: Pool, filter: DeadLetterFilter, limit: number, after: string | undefined): Promise<DeadLetterView[]> => {
  if (after !== undefined && !isRowNumber(after)) return [];
  if (filter.state?.length === 0) return [];
  const parameters = createParameters();
  const conditions = conditionsOf(filter, parameters);
  if (after !== undefined) conditions.push(`id < ${parameters.of(after)}`);
  const text = `SELECT ${LETTER_COLUMNS} FROM dead_letters WHERE ${allOf(conditions)} ORDER BY id DESC LIMIT ${parameters.of(limit)}`;
  const { rows } = await pool.query<LetterRow>(text, parameters.values);
  return rows.map(letterView);
};

/** Attempts that one letter shows: the last ones, which are those that matter. */
const ATTEMPTS_SHOWN = 100;

const readLetter = async (pool: Pool, tasks: Pick<TaskViews, 'task'>, id: string): Promise<DeadLetterDetail | undefined> => {
  const text = `SELECT ${LETTER_COLUMNS} FROM dead_letters WHERE id = $1`;
  const { rows } = await pool.query<LetterRow>({ name: 'dead_letter', text, values: [id] });
  const letter = rows.map(letterView)[0];
  if (letter === undefined) return undefined;
  if (letter.task === null) return { ...letter, now: null, attempts: [] };
  const { ref } = letter.task;
  const [now, attempts] = await Promise.all([tasks.task(ref), readAttempts(pool, ref, ATTEMPTS_SHOWN)]);
  return { ...letter, now: now ?? null, attempts };
};

/** Makes the DeadLetterViews of an open, migrated database. */
export const createDeadLetterViews = ({ views: pool }: Pick<Database, 'views'>, tasks: Pick<TaskViews, 'task'>): DeadLetterViews => ({
  letters: (filter, limit, after) => reaching(() => listLetters(pool, filter, limit, after)),
  letter: (id) => (isRowNumber(id) ? reaching(() => readLetter(pool, tasks, id)) : Promise.resolve(undefined)),
  openLetters: () =>
    reaching(async () => {
      const text = `SELECT kind, type, count(*)::integer AS count FROM dead_letters WHERE state = 'OPEN' GROUP BY kind, type ORDER BY kind, type`;
      const { rows } = await pool.query<{ kind: LetterKind; type: string | null; count: number }>({ name: 'open_letters', text });
      return rows;
    }),
});

/** A replay whose time comes so soon may have been told already, and is left to go on: clocks differ, and what was told takes a while. */
const DUE_SOON_MS = 5000;

const DISCARD = `
  WITH open AS MATERIALIZED (
    SELECT l.id, l.dag_id, k.key FROM unnest($1::bigint[], $2::text[]) AS k (id, key)
    JOIN dead_letters l ON l.id = k.id WHERE l.state = 'OPEN' FOR UPDATE OF l
  ), replays AS MATERIALIZED (
    SELECT c.id, o.id AS letter, coalesce(c.not_before > clock_timestamp() + $4::double precision * interval '1 millisecond', false) AS waits
    FROM open o JOIN commands c ON c.dag_id = o.dag_id AND c.outcome IS NULL AND (c.key = o.key OR starts_with(c.key, o.key || ' '))
  ), withdrawn AS (
    UPDATE commands SET outcome = 'REFUSED', detail = 'its dead letter was discarded', settled_at = clock_timestamp()
    WHERE id IN (SELECT id FROM replays WHERE waits) AND outcome IS NULL
  )
  UPDATE dead_letters SET state = 'DISCARDED', settled_at = clock_timestamp(), settled_by = $3
  WHERE id IN (SELECT id FROM open EXCEPT SELECT letter FROM replays WHERE NOT waits)`;

/** Makes the DeadLetterStore of an open, migrated database. */
export const createDeadLetterStore = ({ engine: pool }: Pick<Database, 'engine'>): DeadLetterStore => ({
  discard: (ids, by) =>
    reaching(async () => {
      const letters = ids.filter(isRowNumber);
      const values = [letters, letters.map((id) => replayKeyOf(id, null)), by?.replaceAll('\0', '') ?? null, DUE_SOON_MS];
      const { rowCount } = await pool.query({ name: 'discard_letters', text: DISCARD, values });
      return rowCount ?? 0;
    }),
});
