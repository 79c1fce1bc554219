/** Pages of DAGs and tasks, and the whole of a DAG's tasks as a stream of pieces. */
import { refusal } from '../core/refusal';
import type { DagId } from '../core/ids';
import type { HistoryViews } from '../ports/history';
import type { DeadLetterViews } from '../ports/letters';
import type { DagViews, TaskViews } from '../ports/views';
import { dagJson, taskJson } from './present';
import { commandJson, eventJson, letterJson } from './presentHistory';
import {
  DAG_FILTERS,
  DEFAULT_LIMIT,
  LETTER_FILTERS,
  MAX_LIMIT,
  TASK_FILTERS,
  dagCursorOf,
  dagCursorText,
  dagFilterOf,
  indexCursorOf,
  indexCursorText,
  intOf,
  letterFilterOf,
  numberCursorOf,
  numberCursorText,
  onlyKnown,
  taskCursorOf,
  taskCursorText,
  taskFilterOf,
  type Query,
} from './query';

/** A page as JSON text, and the cursor of the next one where there is more. */
export interface Page {
  readonly json: string;
  readonly nextCursor: string | null;
  readonly limit: number;
}

/** One more than the page is asked for: its presence tells whether there is a next page. */
export const cut = <Row>(
  rows: readonly Row[],
  limit: number,
  cursorOf: (last: Row) => string,
): { page: readonly Row[]; nextCursor: string | null } => {
  const page = rows.slice(0, limit);
  const last = page.at(-1);
  return { page, nextCursor: rows.length > limit && last !== undefined ? cursorOf(last) : null };
};

const envelope = (items: readonly string[], nextCursor: string | null): string =>
  `{"items":[${items.join(',')}],"nextCursor":${JSON.stringify(nextCursor)}}`;

export const limitOf = (query: Query): number => intOf(query, 'limit', 1, MAX_LIMIT) ?? DEFAULT_LIMIT;

/** GET /api/v1/dags: newest first. */
export const listDags = async (views: Pick<DagViews, 'dags'>, query: Query): Promise<Page> => {
  onlyKnown(query, [...DAG_FILTERS, 'limit', 'cursor']);
  const limit = limitOf(query);
  const rows = await views.dags(dagFilterOf(query), limit + 1, dagCursorOf(query));
  const { page, nextCursor } = cut(rows, limit, dagCursorText);
  return { json: envelope(page.map(dagJson), nextCursor), nextCursor, limit };
};

/** GET /api/v1/tasks: over all DAGs, newest DAG first. */
export const listTasks = async (views: Pick<TaskViews, 'tasks'>, query: Query): Promise<Page> => {
  onlyKnown(query, [...TASK_FILTERS, 'limit', 'cursor']);
  const limit = limitOf(query);
  const rows = await views.tasks(taskFilterOf(query), limit + 1, taskCursorOf(query));
  const { page, nextCursor } = cut(rows, limit, ({ ref }) => taskCursorText(ref));
  return { json: envelope(page.map(taskJson), nextCursor), nextCursor, limit };
};

/** GET /api/v1/dags/{dagId}/events: oldest first. */
export const listEvents = async (views: Pick<HistoryViews, 'events'>, dag: DagId, query: Query): Promise<Page> => {
  const limit = limitOf(query);
  const rows = await views.events(dag, limit + 1, numberCursorOf(query));
  const { page, nextCursor } = cut(rows, limit, ({ id }) => numberCursorText(id));
  return { json: envelope(page.map(eventJson), nextCursor), nextCursor, limit };
};

/** GET /api/v1/dags/{dagId}/commands: oldest first. */
export const listCommands = async (views: Pick<HistoryViews, 'commands'>, dag: DagId, query: Query): Promise<Page> => {
  const limit = limitOf(query);
  const rows = await views.commands(dag, limit + 1, numberCursorOf(query));
  const { page, nextCursor } = cut(rows, limit, ({ id }) => numberCursorText(id));
  return { json: envelope(page.map(commandJson), nextCursor), nextCursor, limit };
};

/** GET /api/v1/dead-letters: newest first. */
export const listLetters = async (views: Pick<DeadLetterViews, 'letters'>, query: Query): Promise<Page> => {
  onlyKnown(query, [...LETTER_FILTERS, 'limit', 'cursor']);
  const limit = limitOf(query);
  const rows = await views.letters(letterFilterOf(query), limit + 1, numberCursorOf(query));
  const { page, nextCursor } = cut(rows, limit, ({ id }) => numberCursorText(id));
  return { json: envelope(page.map(letterJson), nextCursor), nextCursor, limit };
};

type TasksOfDag = Pick<DagViews, 'dag'> & Pick<TaskViews, 'tasksOf'>;

/** GET /api/v1/dags/{dagId}/tasks with a limit: a plain array. */
export const pageOfDag = async (views: TasksOfDag, dag: DagId, query: Query): Promise<Page> => {
  const limit = limitOf(query);
  const rows = await views.tasksOf(dag, indexCursorOf(query) ?? 0, limit + 1);
  const { page, nextCursor } = cut(rows, limit, ({ ref }) => indexCursorText(ref.task + 1));
  return { json: `[${page.map(taskJson).join(',')}]`, nextCursor, limit };
};

const ROWS_AT_ONCE = 1000;

/**
 * All tasks of a DAG as the pieces of one JSON array: 100,000 tasks never stand in memory at once. While a piece is made and sent the
 * database reads the next one.
 */
export async function* allOfDag(views: TasksOfDag, dag: DagId): AsyncGenerator<string> {
  let reading = views.tasksOf(dag, 0, ROWS_AT_ONCE);
  for (let start = '['; ; start = ',') {
    const rows = await reading;
    const isLast = rows.length < ROWS_AT_ONCE;
    if (!isLast) reading = ahead(views.tasksOf(dag, rows.at(-1)!.ref.task + 1, ROWS_AT_ONCE));
    if (rows.length > 0 || start === '[') yield `${start}${rows.map(taskJson).join(',')}`;
    if (isLast) break;
  }
  yield ']';
}

/** Whoever leaves before the end never looks at what was read ahead, and not at its failure either. */
const ahead = <Value>(reading: Promise<Value>): Promise<Value> => {
  reading.catch(() => undefined);
  return reading;
};

/** Refuses unless the DAG exists. */
export const mustExist = async (views: Pick<DagViews, 'dag'>, dag: DagId): Promise<void> => {
  if ((await views.dag(dag)) === undefined) throw refusal('DAG_NOT_FOUND', `no DAG ${dag}`);
};
