/** Reads path and query parameters: each wrong one is a refusal that names it. */
import { DAG_STATUSES, LETTER_KINDS, TASK_STATUSES } from '../core/dag';
import { MAX_TASKS_IN_ID, parseDagId, parseTaskId, parseUuid, taskIdOf, type DagId, type TaskRef } from '../core/ids';
import { refusal, type Refusal, type RefusalCode } from '../core/refusal';
import type { DeadLetterFilter, LetterState } from '../ports/letters';
import type { DagCursor, DagFilter, TaskCursor, TaskFilter } from '../ports/views';

/** Query parameters as they came: text, several texts where one was repeated. */
export type Query = Readonly<Record<string, unknown>>;

export const DEFAULT_LIMIT = 50;
export const MAX_LIMIT = 1000;
export const MAX_WAIT_SECONDS = 60;
const LONGEST_TEXT = 512;

/** A parameter that is wrong. */
export const wrong = (name: string, message: string): Refusal =>
  refusal('WRONG_PARAMETER', `${name}: ${message}`, { problems: [{ path: name, message }] });

/** Refuses parameters that aren't known, because a mistyped filter would silently show everything. */
export const onlyKnown = (query: Query, known: readonly string[]): void => {
  const unknown = Object.keys(query).find((name) => !known.includes(name));
  if (unknown !== undefined)
    throw wrong(unknown.slice(0, 100), `there is no such parameter here, only ${known.length === 0 ? 'the path' : known.join(', ')}`);
};

/** One text, or undefined where it wasn't given. */
export const textOf = (query: Query, name: string, longest = LONGEST_TEXT): string | undefined => {
  const value = query[name];
  if (value === undefined) return undefined;
  if (typeof value !== 'string') throw wrong(name, 'must be given once');
  if (value === '' || value.length > longest || value.includes('\0')) throw wrong(name, `must have 1 to ${longest} characters`);
  return value;
};

/** A whole number within bounds, or undefined where it wasn't given. */
export const intOf = (query: Query, name: string, low: number, high: number): number | undefined => {
  const text = textOf(query, name);
  if (text === undefined) return undefined;
  const value = /^\d{1,15}$/.test(text) ? Number(text) : NaN;
  if (!(value >= low && value <= high)) throw wrong(name, `must be a whole number from ${low} to ${high}`);
  return value;
};

/** Seconds from 0 to 60, with fractions, as milliseconds; 0 where they weren't given. */
export const waitMsOf = (query: Query): number => {
  const text = textOf(query, 'waitSeconds');
  if (text === undefined) return 0;
  const seconds = /^\d{1,4}(\.\d{1,6})?$/.test(text) ? Number(text) : NaN;
  if (!(seconds <= MAX_WAIT_SECONDS)) throw wrong('waitSeconds', `must be a number from 0 to ${MAX_WAIT_SECONDS}`);
  return seconds * 1000;
};

const ISO_TIME = /^\d{4}-\d\d-\d\d(T\d\d:\d\d(:\d\d(\.\d{1,9})?)?(Z|[+-]\d\d:?\d\d))?$/;

/** Date.parse makes the 2nd of March of the 30th of February. */
const isDay = (text: string): boolean => {
  const day = new Date(`${text.slice(0, 10)}T00:00:00Z`);
  return !Number.isNaN(day.getTime()) && day.toISOString().startsWith(text.slice(0, 10));
};

const timeOf = (query: Query, name: string): number | undefined => {
  // A plus sign that wasn't escaped arrives as a space.
  const text = textOf(query, name)?.replace(' ', '+');
  if (text === undefined) return undefined;
  const time = ISO_TIME.test(text) && isDay(text) ? Date.parse(text) : NaN;
  if (Number.isNaN(time)) throw wrong(name, 'must be an ISO 8601 time with its zone, like 2026-01-31T12:00:00Z');
  return time;
};

/** Words of a list: repeated, or several in one with commas. */
const wordsOf = <S extends string>(query: Query, name: string, all: readonly S[]): readonly S[] | undefined => {
  const value = query[name];
  if (value === undefined) return undefined;
  const texts = (Array.isArray(value) ? value : [value]).flatMap((text) => String(text).split(',')).map((text) => text.trim().toUpperCase());
  const strange = texts.find((text) => !(all as readonly string[]).includes(text));
  if (strange !== undefined) throw wrong(name, `must be one of ${all.join(', ')}`);
  return [...new Set(texts)] as S[];
};

/** Without the fields that weren't given. */
const given = <T extends object>(fields: { [K in keyof T]: T[K] | undefined }): T =>
  Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined)) as T;

const times = (query: Query): { createdAfter: number | undefined; createdBefore: number | undefined } => ({
  createdAfter: timeOf(query, 'createdAfter'),
  createdBefore: timeOf(query, 'createdBefore'),
});

/** A UUID, or undefined where it wasn't given. */
const uuidOf = (query: Query, name: string): string | undefined => {
  const text = textOf(query, name);
  const uuid = text === undefined ? undefined : parseUuid(text);
  if (text !== undefined && uuid === undefined) throw wrong(name, 'must be a UUID');
  return uuid;
};

export const DAG_FILTERS = ['status', 'name', 'tag', 'scheduleId', 'createdAfter', 'createdBefore'] as const;
export const TASK_FILTERS = ['status', 'name', 'tag', 'type', 'pool', 'createdAfter', 'createdBefore'] as const;

export const dagFilterOf = (query: Query): DagFilter =>
  given<DagFilter>({
    status: wordsOf(query, 'status', DAG_STATUSES),
    name: textOf(query, 'name'),
    tag: textOf(query, 'tag'),
    scheduleId: uuidOf(query, 'scheduleId'),
    ...times(query),
  });

export const taskFilterOf = (query: Query): TaskFilter =>
  given<TaskFilter>({
    status: wordsOf(query, 'status', TASK_STATUSES),
    name: textOf(query, 'name'),
    tag: textOf(query, 'tag'),
    type: textOf(query, 'type'),
    pool: textOf(query, 'pool'),
    ...times(query),
  });

/** As ports/letters has them; ports have nothing to run. */
export const LETTER_STATES = ['OPEN', 'REPLAYED', 'DISCARDED'] as const satisfies readonly LetterState[];
export const LETTER_FILTERS = ['state', 'kind', 'type', 'dagId', 'dagName', 'taskName', 'failedAfter', 'failedBefore'] as const;

export const letterFilterOf = (query: Query): DeadLetterFilter => {
  const dagId = textOf(query, 'dagId');
  return given<DeadLetterFilter>({
    state: wordsOf(query, 'state', LETTER_STATES),
    kind: wordsOf(query, 'kind', LETTER_KINDS),
    type: textOf(query, 'type'),
    dag: dagId === undefined ? undefined : dagIdIn(dagId),
    dagName: textOf(query, 'dagName'),
    taskName: textOf(query, 'taskName'),
    failedAfter: timeOf(query, 'failedAfter'),
    failedBefore: timeOf(query, 'failedBefore'),
  });
};

/** Names are in some, at 4 bytes a character. */
const LONGEST_CURSOR = 4096;

const encode = (text: string): string => Buffer.from(text).toString('base64url');

const decode = <T>(query: Query, read: (text: string) => T | undefined): T | undefined => {
  const text = textOf(query, 'cursor', LONGEST_CURSOR);
  if (text === undefined) return undefined;
  const cursor = read(Buffer.from(text, 'base64url').toString());
  if (cursor === undefined) throw wrong('cursor', 'must be the nextCursor of an earlier answer');
  return cursor;
};

const idIn = (text: string, prefix: string): number | undefined => {
  const digits = text.startsWith(prefix) ? text.slice(prefix.length) : '';
  return /^\d{1,15}$/.test(digits) ? Number(digits) : undefined;
};

export const dagCursorText = ({ id }: DagCursor): string => encode(`d${id}`);
export const dagCursorOf = (query: Query): DagCursor | undefined =>
  decode(query, (text) => {
    const id = idIn(text, 'd');
    return id === undefined ? undefined : { id };
  });

export const taskCursorText = ({ dag, task }: TaskCursor): string => encode(taskIdOf(dag, task));
export const taskCursorOf = (query: Query): TaskCursor | undefined => decode(query, parseTaskId);

/** A place in the tasks of one DAG: the index of the next. */
export const indexCursorText = (index: number): string => encode(`t${index}`);
export const indexCursorOf = (query: Query): number | undefined =>
  decode(query, (text) => {
    const index = idIn(text, 't');
    return index !== undefined && index <= MAX_TASKS_IN_ID ? index : undefined;
  });

/** A place in a list of numbered rows: after this one. */
export const numberCursorText = (id: string): string => encode(`n${id}`);
export const numberCursorOf = (query: Query): string | undefined => decode(query, (text) => /^n(\d{1,18})$/.exec(text)?.[1]);

/** A place in a list by name: after this one. */
export const nameCursorText = (name: string): string => encode(`s${name}`);
export const nameCursorOf = (query: Query): string | undefined => decode(query, (text) => (/^s[^\0]+$/u.test(text) ? text.slice(1) : undefined));

/** A place in a list by time: before this one, in milliseconds since 1970. */
export const timeCursorText = (ms: number): string => encode(`m${ms}`);
export const timeCursorOf = (query: Query): number | undefined => decode(query, (text) => idIn(text, 'm'));

/** A place in the log of a task: after this line of this chunk. */
export interface LineCursor {
  readonly chunk: string;
  readonly line: number;
}
export const lineCursorText = ({ chunk, line }: LineCursor): string => encode(`l${chunk}.${line}`);
export const lineCursorIn = (text: string): LineCursor | undefined => {
  const [, chunk, line] = /^l(\d{1,18})\.(\d{1,10})$/.exec(Buffer.from(text, 'base64url').toString()) ?? [];
  return chunk === undefined ? undefined : { chunk, line: Number(line) };
};

const flagOf = (query: Query, name: string): boolean => {
  const text = textOf(query, name);
  if (text !== undefined && text !== 'true' && text !== 'false') throw wrong(name, 'must be true or false');
  return text === 'true';
};

export const LOG_FORMATS = ['json', 'text'] as const;

export interface LogQuery {
  readonly attempt: number | undefined;
  readonly after: LineCursor | undefined;
  readonly limit: number;
  readonly search: string | undefined;
  readonly follow: boolean;
  readonly download: boolean;
  readonly format: (typeof LOG_FORMATS)[number] | undefined;
}

export const DEFAULT_LINES = 500;
const MOST_ATTEMPTS = 1_000_000;

/** `lastId`: of the last line that a client of a broken stream got; it counts more than `after`. */
export const logQueryOf = (query: Query, lastId: string | undefined): LogQuery => {
  const after = lastId ?? textOf(query, 'after');
  const cursor = after === undefined ? undefined : lineCursorIn(after);
  if (after !== undefined && cursor === undefined) throw wrong('after', 'must be the id of a line of an earlier answer');
  const format = textOf(query, 'format');
  const known = LOG_FORMATS.find((one) => one === format);
  if (format !== undefined && known === undefined) throw wrong('format', `must be one of ${LOG_FORMATS.join(', ')}`);
  return {
    attempt: intOf(query, 'attempt', 1, MOST_ATTEMPTS),
    after: cursor,
    limit: intOf(query, 'limit', 1, MAX_LIMIT) ?? DEFAULT_LINES,
    search: textOf(query, 'search')?.toLowerCase(),
    follow: flagOf(query, 'follow'),
    download: flagOf(query, 'download'),
    format: known,
  };
};

const numberIn = (text: string, code: RefusalCode, what: string): string => {
  if (!/^\d{1,18}$/.test(text)) throw refusal(code, `no ${what} ${text.slice(0, 40)}`);
  return text;
};

/** The command, or the dead letter, that a path names. */
export const commandIdIn = (text: string): string => numberIn(text, 'COMMAND_NOT_FOUND', 'command');
export const letterIdIn = (text: string): string => numberIn(text, 'LETTER_NOT_FOUND', 'dead letter');

/** The UUID that a part of a path is. */
export const uuidIn = (text: string, name: string): string => {
  const id = parseUuid(text);
  if (id === undefined)
    throw refusal('WRONG_ID', `${JSON.stringify(text.slice(0, 100))} is no UUID`, { problems: [{ path: name, message: 'must be a UUID' }] });
  return id;
};

/** The DAG that a path names. */
export const dagIdIn = (text: string): DagId => {
  const id = parseDagId(text);
  if (id === undefined)
    throw refusal('WRONG_ID', `${JSON.stringify(text.slice(0, 100))} is no UUID`, { problems: [{ path: 'dagId', message: 'must be a UUID' }] });
  return id;
};

/** The task that a path names; the id of a DAG is a UUID that names no task. */
export const taskRefIn = (text: string): TaskRef => {
  const ref = parseTaskId(text);
  if (ref !== undefined) return ref;
  if (parseUuid(text) !== undefined) throw refusal('TASK_NOT_FOUND', `no task ${text}`);
  throw refusal('WRONG_ID', `${JSON.stringify(text.slice(0, 100))} is no UUID`, { problems: [{ path: 'taskId', message: 'must be a UUID' }] });
};
