/** Turns what was told to have changed into what is shown of it: each row is read and written out once, whoever it is for. */
import { isBehind, type Place } from '../../core/live';
import type { DagId } from '../../core/ids';
import type { ChangeNote, ChangedRows } from '../../ports/live';
import { dagJson, taskJson } from '../present';
import { DAGS_SHOWN, newestOf } from './notes';

export interface Wanted {
  /** Whether somebody is shown the DAGs. */
  readonly dags: () => boolean;
  readonly watched: (dag: DagId) => boolean;
}

export interface Showing {
  /** What was told behind a place, as far as somebody here wants it. */
  mark(note: ChangeNote, before: Place): void;
  /** The place behind which something isn't shown yet; undefined where all is. */
  before(): Place | undefined;
  forget(): void;
  /** The DAGs that changed: JSON text of an event, handed over when nothing of it is left; not called where there are none. */
  dagsOnce(show: (json: string) => void): Promise<void>;
  /**
   * The watched DAGs that changed, some at a time; `tooMuch` hears of one of which more changed than is
   * shown, and says whether that was told.
   */
  watchedOnce(show: (dag: DagId, json: string) => void, tooMuch: (dag: DagId) => boolean): Promise<void>;
}

const TASKS_AT_ONCE = 500;
/** With those that are ready because of them. */
const ROWS_AT_ONCE = 1_000;
/** Payloads and results may be large; what a client that isn't free has waiting is bounded, too. */
const EVENT_CHARACTERS = 131_072;
const READS_AT_ONCE = 4;
const WATCHED_AT_ONCE = 20;
const TASKS_MARKED = 10_000;

/** The earlier one, where there is one. */
const earlier = (one: Place | undefined, other: Place): Place => (one === undefined || isBehind(one, other) ? other : one);

const addTasks = (marked: Map<DagId, Set<number> | null>, dag: DagId, tasks: readonly number[] | null): void => {
  const known = marked.get(dag);
  const all = known === null || tasks === null ? null : new Set([...(known ?? []), ...tasks]);
  marked.set(dag, all !== null && all.size > TASKS_MARKED ? null : all);
};

const taken = (tasks: Set<number>): number[] => {
  const some = [...tasks].slice(0, TASKS_AT_ONCE);
  for (const task of some) tasks.delete(task);
  return some;
};

const dagEvent = (dagId: DagId, dag: string, tasks: readonly string[]): string =>
  `{"dagId":${JSON.stringify(dagId)},"dag":${dag},"tasks":[${tasks.join(',')}]}`;

/** One event's tasks each, at least one of them; nothing is one event as well. */
function* portionsOf(tasks: readonly string[]): Generator<readonly string[], void> {
  let [portion, size] = [[] as string[], 0];
  for (const task of tasks) {
    if (portion.length > 0 && size + task.length > EVENT_CHARACTERS) {
      yield portion;
      [portion, size] = [[], 0];
    }
    portion.push(task);
    size += task.length;
  }
  yield portion;
}

/** DAGs that changed, and the place behind which that was told. */
interface MarkedDags {
  readonly dags: Set<DagId>;
  more: boolean;
  before: Place | undefined;
}

const noDags = (): MarkedDags => ({ dags: new Set(), more: false, before: undefined });

const readDags = async (rows: ChangedRows, { dags, more }: MarkedDags): Promise<string> => {
  const asked = newestOf(dags, DAGS_SHOWN);
  const found = await rows.dags(asked);
  const there = new Set(found.map(({ dagId }) => dagId));
  const removed = asked.filter((dag) => !there.has(dag));
  return `{"changed":[${found.map(dagJson).join(',')}],"removed":${JSON.stringify(removed)},"more":${String(more || dags.size > DAGS_SHOWN)}}`;
};

const createDags = (rows: ChangedRows) => {
  let marked = noDags();
  let reading: MarkedDags | undefined;
  const mark = ({ dags, more }: Pick<ChangeNote, 'dags' | 'more'>, before: Place): void => {
    for (const dag of dags) marked.dags.add(dag);
    marked.more ||= more;
    marked.before = earlier(marked.before, before);
  };
  return {
    mark,
    before: () => reading?.before ?? marked.before,
    forget: () => {
      [marked, reading] = [noDags(), undefined];
    },
    once: async (show: (json: string) => void): Promise<void> => {
      const own = marked;
      if (own.before === undefined) return;
      [reading, marked] = [own, noDags()];
      try {
        const json = await readDags(rows, own);
        reading = undefined;
        show(json);
      } catch (error) {
        reading = undefined;
        mark({ dags: [...own.dags], more: own.more }, own.before);
        throw error;
      }
    },
  };
};

export const createShowing = (rows: ChangedRows, wanted: Wanted): Showing => {
  const dags = createDags(rows);
  const tasks = new Map<DagId, Set<number> | null>();
  let tasksBefore: Place | undefined;

  const showMarked = async (dagId: DagId, marked: Set<number> | null, show: (json: string) => void, tooMuch: () => boolean): Promise<void> => {
    const [dag] = await rows.dags([dagId]);
    if (dag === undefined) show(dagEvent(dagId, 'null', []));
    else if (marked === null && dag.totalTasks > TASKS_AT_ONCE) {
      if (!tooMuch()) addTasks(tasks, dagId, null);
    } else {
      const among = marked ?? new Set(Array.from({ length: dag.totalTasks }, (_, i) => i));
      for (let reads = 0; reads === 0 || (among.size > 0 && reads < READS_AT_ONCE); reads++) {
        const found = await rows.tasks(dagId, taken(among), ROWS_AT_ONCE + 1);
        if (found.length > ROWS_AT_ONCE) {
          if (!tooMuch()) addTasks(tasks, dagId, null);
          return;
        }
        for (const some of portionsOf(found.map(taskJson))) show(dagEvent(dagId, dagJson(dag), some));
      }
      if (among.size > 0) addTasks(tasks, dagId, [...among]);
    }
  };
  const showDag = async (dagId: DagId, show: (json: string) => void, tooMuch: () => boolean): Promise<void> => {
    const marked = tasks.get(dagId) ?? null;
    const all = marked === null ? null : [...marked];
    tasks.delete(dagId);
    await showMarked(dagId, marked, show, tooMuch).catch((error: unknown) => {
      addTasks(tasks, dagId, all);
      throw error;
    });
  };
  return {
    mark: (note, before) => {
      if (wanted.dags() && (note.dags.length > 0 || note.more)) dags.mark(note, before);
      for (const [dag, changed] of Object.entries(note.tasks) as [DagId, readonly number[] | null][]) {
        if (!wanted.watched(dag)) continue;
        addTasks(tasks, dag, changed);
        tasksBefore = earlier(tasksBefore, before);
      }
    },
    before: () => {
      const ofDags = dags.before();
      return ofDags === undefined ? tasksBefore : earlier(tasksBefore, ofDags);
    },
    forget: () => {
      dags.forget();
      tasks.clear();
      tasksBefore = undefined;
    },
    dagsOnce: dags.once,
    watchedOnce: async (show, tooMuch) => {
      for (const dag of [...tasks.keys()].slice(0, WATCHED_AT_ONCE)) {
        const showIt = (json: string): void => {
          show(dag, json);
        };
        if (wanted.watched(dag)) await showDag(dag, showIt, () => tooMuch(dag));
        else tasks.delete(dag);
      }
      if (tasks.size === 0) tasksBefore = undefined;
    },
  };
};
