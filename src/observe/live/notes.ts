/** What this scheduler committed, noted for those who are shown it live; nothing while nobody listens. */
import { shardOf, type DagId } from '../../core/ids';
import type { ChangeNote } from '../../ports/live';
import type { CommitBatch, RunStore } from '../../ports/store';

/** As many DAGs as a page of the list has. */
export const DAGS_SHOWN = 50;
const DAGS_NOTED = 1000;
const TASKS_NOTED = 5000;
/** Of all DAGs together. */
const ALL_TASKS_NOTED = 10_000;

export interface Notes {
  /** The store whose writes are noted once they are durable. */
  watched(store: RunStore): RunStore;
  dag(dag: DagId): void;
  /** A shard was taken: what became of its DAGs in the moments before, nobody may have told. */
  took(): void;
  /** Somebody listens here: to these DAGs' tasks, too. */
  listen(watch: readonly DagId[]): void;
  /** Who listens elsewhere, as far as is known. */
  elsewhere(listeners: ReadonlyMap<string, readonly DagId[]>): void;
  /** Nobody listens here any more. */
  leave(): void;
  /** What is to be told now; undefined for nothing. */
  take(): ChangeNote | undefined;
  /** It couldn't be told. */
  putBack(note: ChangeNote): void;
}

export interface NotesNeeds {
  readonly scheduler: string;
  readonly owns: (shard: number) => boolean;
}

/** What was noted since it was last told. */
interface Pending {
  unsure: ChangeNote['unsure'];
  readonly dags: Set<DagId>;
  more: boolean;
  readonly tasks: Map<DagId, Set<number> | null>;
  taskCount: number;
}

const nothing = (): Pending => ({ unsure: null, dags: new Set(), more: false, tasks: new Map(), taskCount: 0 });

const addDag = (pending: Pending, dag: DagId): void => {
  if (pending.dags.size < DAGS_NOTED) pending.dags.add(dag);
  else if (!pending.dags.has(dag)) pending.more = true;
};

const addTask = (pending: Pending, dag: DagId, task: number): void => {
  let tasks = pending.tasks.get(dag);
  if (tasks === null) return;
  if (tasks === undefined) pending.tasks.set(dag, (tasks = new Set()));
  if (tasks.has(task)) return;
  if (tasks.size < TASKS_NOTED && pending.taskCount < ALL_TASKS_NOTED) tasks.add(task);
  else pending.tasks.set(dag, null);
  pending.taskCount += 1;
};

/** Ids begin with the time at which they were made. */
export const newestOf = (dags: Iterable<DagId>, most: number): DagId[] => [...dags].sort((a, b) => (a < b ? 1 : -1)).slice(0, most);

const noteOf = (from: string, { unsure, dags, more, tasks }: Pending): ChangeNote => ({
  from,
  unsure,
  dags: newestOf(dags, DAGS_SHOWN),
  more: more || dags.size > DAGS_SHOWN,
  tasks: Object.fromEntries([...tasks].map(([dag, indexes]) => [dag, indexes === null ? null : [...indexes]])),
});

const isEmpty = ({ unsure, dags, more, tasks }: Pending): boolean => unsure === null && dags.size === 0 && !more && tasks.size === 0;

const addBatch = (pending: Pending, watched: ReadonlySet<DagId>, { dags, tasks }: CommitBatch): void => {
  for (const { dag } of dags) addDag(pending, dag);
  if (watched.size === 0) return;
  for (const { dag, task } of tasks) if (watched.has(dag)) addTask(pending, dag, task);
  // A line of its history, or a graph that was changed: of a DAG that is watched its row is shown, too.
  for (const { dag } of dags) if (watched.has(dag) && !pending.tasks.has(dag)) pending.tasks.set(dag, new Set());
};

const addBack = (pending: Pending, note: ChangeNote): void => {
  pending.unsure ??= note.unsure;
  pending.more ||= note.more;
  for (const dag of note.dags) addDag(pending, dag);
  for (const [dag, tasks] of Object.entries(note.tasks) as [DagId, readonly number[] | null][]) {
    if (tasks === null) pending.tasks.set(dag, null);
    else {
      // Of one without tasks its row changed.
      if (!pending.tasks.has(dag)) pending.tasks.set(dag, new Set());
      for (const task of tasks) addTask(pending, dag, task);
    }
  }
};

/** Makes the notes of one scheduler. */
export const createNotes = ({ scheduler, owns }: NotesNeeds): Notes => {
  let pending = nothing();
  let [here, there]: [ReadonlySet<DagId> | undefined, ReadonlySet<DagId> | undefined] = [undefined, undefined];
  let watched: ReadonlySet<DagId> = new Set();
  const isAwake = (): boolean => here !== undefined || there !== undefined;
  const changeListeners = (change: () => void): void => {
    const wasAwake = isAwake();
    change();
    watched = new Set([...(here ?? []), ...(there ?? [])]);
    // Who listens already may have missed something: for up to a second nobody here knew of them.
    if (!wasAwake && isAwake()) pending.unsure ??= 'woke';
    if (!isAwake()) pending = nothing();
  };
  return {
    watched: (store) => ({
      ...store,
      commit: async (batch) => {
        await store.commit(batch);
        if (isAwake()) addBatch(pending, watched, batch);
      },
      admit: async (submissions) => {
        const answers = await store.admit(submissions);
        if (isAwake()) for (const { dag } of submissions) addDag(pending, dag.dagId);
        return answers;
      },
    }),
    dag: (dag) => {
      if (isAwake()) addDag(pending, dag);
      if (watched.has(dag)) pending.tasks.set(dag, null);
    },
    took: () => {
      if (isAwake()) pending.unsure = 'took';
    },
    listen: (watch) => {
      changeListeners(() => (here = new Set(watch)));
    },
    leave: () => {
      changeListeners(() => (here = undefined));
    },
    elsewhere: (listeners) => {
      const others = [...listeners].filter(([name]) => name !== scheduler);
      const known = there;
      changeListeners(() => (there = others.length === 0 ? undefined : new Set(others.flatMap(([, watch]) => watch))));
      // What changed of them before this moment wasn't noted.
      for (const dag of there ?? []) if (known?.has(dag) !== true && owns(shardOf(dag))) pending.tasks.set(dag, null);
    },
    take: () => {
      if (isEmpty(pending)) return undefined;
      const note = noteOf(scheduler, pending);
      pending = nothing();
      return note;
    },
    putBack: (note) => {
      if (isAwake()) addBack(pending, note);
    },
  };
};
