/** What the driver's errors mean to the engine. */
import { DatabaseError } from 'pg';
import { type Failure, failure, isFailure } from '../../core/failure';

/** Raised by the commit function where a shard's epoch isn't the caller's (see the migrations). */
export const STALE_EPOCH_STATE = 'DS001';

/** PostgreSQL's code of an error; undefined where it has none. */
export const sqlStateOf = (error: unknown): string | undefined => (error instanceof DatabaseError ? error.code : undefined);

// 22 data exceptions, 23 constraints, 54 program limits: another try with the same content fails again.
const isContent = (state: string): boolean => /^(22|23|54)/.test(state);

// 08 connection, 25006 read-only (a standby), 53 resources, 57 shutdown or cancelled by a timeout, 58 the server's system,
// 40 serialization and deadlock, 55P03 lock timeout, 25P03 idle in transaction, 28/3D not (yet) let in: all may be better at the next try.
const isPassing = (state: string): boolean => /^(08|53|57|58|40|28|3D|55P03|25006|25P03)/.test(state);

const text = (error: unknown): string => {
  // A refused connection to a name with several addresses is an AggregateError without a text of its own.
  if (error instanceof AggregateError && error.message === '') return error.errors.map(text).join('; ');
  return error instanceof Error ? error.message : String(error);
};

/** Maps what `pg` throws to STALE_EPOCH, UNSTORABLE or STORE_UNAVAILABLE; a mistake in our own SQL stays what it is. */
export const storeFailure = (error: unknown): unknown => {
  if (isFailure(error)) return error;
  const state = sqlStateOf(error);
  if (state === STALE_EPOCH_STATE) return failure('STALE_EPOCH', text(error), error);
  if (state !== undefined && isContent(state)) return failure('UNSTORABLE', `the database refused the content: ${text(error)}`, error);
  if (error instanceof TypeError || error instanceof RangeError) return error;
  // Other errors without a SQLSTATE come from the socket, the pool or the driver: refused, reset, timed out, ended.
  if (state === undefined || isPassing(state)) return unavailable(error);
  return error;
};

/** What an operator has to do about it, where the server's own words don't say; all of it mends itself once that is done. */
const ADVICE: readonly (readonly [RegExp, string])[] = [
  [/^53100/, "the database's disk is full; give it room, nothing that was accepted is lost"],
  [/^53300/, 'the database takes no more connections; raise its max_connections or lower database.poolSize'],
  [/^53200/, 'the database is out of memory'],
  [/^25006/, 'the database is read-only: it is a standby, or was set so; point database.url at the primary'],
  [/^28/, 'the database refuses the user or the password of database.url'],
  [/^3D/, 'the database that database.url names does not exist'],
  [/^55P03/, 'a table is in use at the moment'],
  [/^57P03/, 'the database is starting up or recovering'],
];

const unavailable = (error: unknown): Failure => {
  const state = sqlStateOf(error);
  const [, sentence] = ADVICE.find(([states]) => state !== undefined && states.test(state)) ?? [undefined, "the database can't be reached"];
  return failure('STORE_UNAVAILABLE', `${sentence}: ${text(error)}`, error);
};

/** The server has no database of that name; a pooler says so in the server's words, with a code of its own. */
export const isMissingDatabase = (error: unknown): boolean =>
  sqlStateOf(error) === '3D000' || (sqlStateOf(error) === '08P01' && /database .* does not exist/.test(text(error)));

const REFUSED_BY_POOLER = /unsupported startup parameter/;

/**
 * Runs a step that opens the database. Unlike in a running process, a user or password that the server refuses is a mistake in
 * the settings here, and no waiting helps: it rejects with an error that says so.
 */
export const opening = <T>(step: () => Promise<T>): Promise<T> =>
  reaching(step).catch((error: unknown) => {
    const state = isFailure(error) ? sqlStateOf(error.cause) : undefined;
    if (state === '08P01' && REFUSED_BY_POOLER.test(text(error)))
      throw new Error('a connection pooler stands before PostgreSQL: set database.pooler (DATABASE_POOLER) to transaction', { cause: error });
    if (state?.startsWith('28') !== true) throw error;
    throw new Error(`PostgreSQL does not let the user of DATABASE_URL in: ${text((error as Error).cause)}`, { cause: error });
  });

/** Runs a step against the database; it rejects with a Failure of core/failure.ts. */
export const reaching = async <T>(step: () => Promise<T>): Promise<T> => {
  try {
    return await step();
  } catch (error) {
    throw storeFailure(error);
  }
};
