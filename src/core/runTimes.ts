/**
 * How long tasks run, learned from those that completed: for each type its spread, and for each task of a DAG's name its mean, newer ones
 * counting more. Bounded: where it is full, the names of DAGs that ended longest ago are forgotten with their tasks.
 */
import { addTo, bucketsIn, emptySketch, meanOf, quantileOf, sketchOf, type Sketch } from './quantiles';

/** A task that completed. */
export interface Ran {
  readonly dagName: string;
  readonly taskName: string;
  readonly type: string;
  /** From the call of its handler to its end. */
  readonly ms: number;
}

/** What is known of a type, or of a task of a DAG's name, as it is kept. */
export interface RunTime {
  /** Null for a type. */
  readonly dagName: string | null;
  /** The name of the type or of the task. */
  readonly name: string;
  readonly samples: number;
  readonly meanMs: number;
  /** Of a type: pairs of a bucket's number and its weight; null for a task. */
  readonly buckets: readonly (readonly [number, number])[] | null;
}

/** The spread of a type's run times. */
export interface Spread {
  /** How many count; older ones count less. */
  readonly samples: number;
  readonly meanMs: number;
  readonly p50Ms: number;
  readonly p95Ms: number;
}

/** What a task is expected to take, in milliseconds; undefined where neither it nor its type ever ran. */
export type Expectation = (task: { readonly name: string; readonly type: string }) => number | undefined;

export interface RunTimes {
  learn(ran: Ran): void;
  /** What is expected of the tasks of DAGs with this name: of the task itself where it ran before, else of its type. */
  expectationIn(dagName: string): Expectation;
  ofType(type: string): Spread | undefined;
  /** Takes up to `limit` of those that were learned since they were last taken. */
  changed(limit: number): RunTime[];
  /** Says again that these are to be taken: they could not be kept. */
  keepBack(times: readonly RunTime[]): void;
  /** Adopts what was kept, here or by others, but for what was learned here since and where it is full. */
  adopt(times: readonly RunTime[]): void;
  /** How many types and tasks are known. */
  size(): { readonly types: number; readonly tasks: number };
}

export interface RunTimesBounds {
  readonly types: number;
  readonly tasks: number;
}

/** About 15 MB, and twice as much where each task has a DAG's name of its own. */
export const RUN_TIMES_KEPT: RunTimesBounds = { types: 1000, tasks: 100_000 };

const KEPT_WHEN_FULL = 0.9;

/** The newest run counts for a fifth once there were five. */
const NEWEST = 0.2;

interface TaskTime {
  samples: number;
  meanMs: number;
  changed: boolean;
}

interface TypeTime {
  sketch: Sketch;
  changed: boolean;
}

type OfDag = Map<string, TaskTime>;

export const createRunTimes = (most: RunTimesBounds = RUN_TIMES_KEPT): RunTimes => {
  const types = new Map<string, TypeTime>();
  /** Those that something was learned of most lately stand last. */
  const dags = new Map<string, OfDag>();
  let tasks = 0;
  let newest: string | undefined;

  const changedTypes = new Set<string>();
  const changedDags = new Set<string>();

  /**
   * Only a DAG that fills everything by itself finds no room. A tenth goes at once: a map whose first element is looked for again and again
   * walks over all that were deleted before.
   */
  const makeRoom = (dagName: string): boolean => {
    if (tasks < most.tasks) return true;
    for (const [oldest, own] of dags) {
      if (oldest === dagName) continue;
      tasks -= own.size;
      dags.delete(oldest);
      changedDags.delete(oldest);
      if (tasks <= most.tasks * KEPT_WHEN_FULL) break;
    }
    return tasks < most.tasks;
  };

  const ofDag = (dagName: string): OfDag => {
    const known = dags.get(dagName);
    if (known !== undefined && newest === dagName) return known;
    const own = known ?? new Map<string, TaskTime>();
    dags.delete(dagName);
    dags.set(dagName, own);
    newest = dagName;
    return own;
  };

  const learnTask = ({ dagName, taskName, ms }: Ran): void => {
    const own = ofDag(dagName);
    const known = own.get(taskName);
    if (known !== undefined) {
      known.samples += 1;
      known.meanMs += (ms - known.meanMs) * Math.max(NEWEST, 1 / known.samples);
      known.changed = true;
      changedDags.add(dagName);
    } else if (makeRoom(dagName)) {
      own.set(taskName, { samples: 1, meanMs: ms, changed: true });
      tasks += 1;
      changedDags.add(dagName);
    }
  };

  const learnType = ({ type, ms }: Ran): void => {
    let known = types.get(type);
    if (known === undefined) {
      if (types.size >= most.types) return;
      types.set(type, (known = { sketch: emptySketch(), changed: true }));
    }
    addTo(known.sketch, ms);
    known.changed = true;
    changedTypes.add(type);
  };

  const meanOfType = (type: string): number | undefined => {
    const known = types.get(type);
    return known === undefined ? undefined : meanOf(known.sketch);
  };

  const adoptTask = (dagName: string, { name, samples, meanMs }: RunTime): void => {
    const known = dags.get(dagName)?.get(name);
    if (known?.changed === true) return;
    if (known !== undefined) Object.assign(known, { samples, meanMs });
    else if (tasks < most.tasks) {
      let own = dags.get(dagName);
      if (own === undefined) {
        // It stands last now: whatever was learned of last before is put behind it again.
        dags.set(dagName, (own = new Map<string, TaskTime>()));
        newest = undefined;
      }
      own.set(name, { samples, meanMs, changed: false });
      tasks += 1;
    }
  };

  const adoptType = ({ name, meanMs, buckets }: RunTime): void => {
    const known = types.get(name);
    if (known?.changed === true || buckets === null || (known === undefined && types.size >= most.types)) return;
    const sketch = sketchOf(buckets, meanMs);
    if (sketch.weight > 0) types.set(name, { sketch, changed: false });
  };

  const takeTypes = (limit: number): RunTime[] => {
    const taken: RunTime[] = [];
    for (const name of changedTypes) {
      if (taken.length >= limit) break;
      const known = types.get(name)!;
      known.changed = false;
      changedTypes.delete(name);
      taken.push({ dagName: null, name, samples: known.sketch.weight, meanMs: meanOf(known.sketch), buckets: bucketsIn(known.sketch) });
    }
    return taken;
  };

  const takeTasks = (taken: RunTime[], limit: number): void => {
    for (const dagName of changedDags) {
      for (const [name, known] of dags.get(dagName)!) {
        if (!known.changed) continue;
        if (taken.length >= limit) return;
        known.changed = false;
        taken.push({ dagName, name, samples: known.samples, meanMs: known.meanMs, buckets: null });
      }
      changedDags.delete(dagName);
    }
  };

  return {
    learn: (ran) => {
      learnType(ran);
      learnTask(ran);
    },
    expectationIn: (dagName) => {
      const own = dags.get(dagName);
      return ({ name, type }) => own?.get(name)?.meanMs ?? meanOfType(type);
    },
    ofType: (type) => {
      const sketch = types.get(type)?.sketch;
      if (sketch === undefined) return undefined;
      return { samples: sketch.weight, meanMs: meanOf(sketch), p50Ms: quantileOf(sketch, 0.5), p95Ms: quantileOf(sketch, 0.95) };
    },
    changed: (limit) => {
      const taken = takeTypes(limit);
      takeTasks(taken, limit);
      return taken;
    },
    keepBack: (times) => {
      for (const { dagName, name } of times) {
        const known = dagName === null ? types.get(name) : dags.get(dagName)?.get(name);
        if (known === undefined) continue;
        known.changed = true;
        if (dagName === null) changedTypes.add(name);
        else changedDags.add(dagName);
      }
    },
    adopt: (times) => {
      for (const each of times) {
        if (each.dagName === null) adoptType(each);
        else adoptTask(each.dagName, each);
      }
    },
    size: () => ({ types: types.size, tasks }),
  };
};
