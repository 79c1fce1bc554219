/**
 * Ids of DAGs and tasks.
 *
 * A DAG's id is a UUID (version 8 of RFC 9562) that carries its shard, so that whoever holds an id knows the owner's
 * log without asking anybody; a task's id is its DAG's id with the task's index in the last 24 bits, so that tasks
 * need no index of their own in the store. To clients both are opaque.
 *
 *   bytes 0-5 milliseconds | 6 version, shard (high 4 bits) | 7 shard (low 8) | 8 variant, 6 random | 9-12 random | 13-15 index + 1, 0 for the DAG
 */

export type DagId = string & { readonly __brand: 'DagId' };
export type TaskId = string & { readonly __brand: 'TaskId' };

/** One task inside its DAG: the form in which the engine names tasks. */
export interface TaskRef {
  readonly dag: DagId;
  readonly task: number;
}

export const MAX_SHARDS = 4096;
/** The index needs 24 bits and 0 stands for the DAG itself. */
export const MAX_TASKS_IN_ID = 0xffffff - 1;

const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/;

const hex = (value: number, digits: number): string => value.toString(16).padStart(digits, '0');

/**
 * Makes the id of a new DAG. `random` gives numbers in [0, 1) and is called twice.
 */
export const mintDagId = (shard: number, nowMs: number, random: () => number): DagId => {
  const time = hex(nowMs, 12);
  const variant = 0x80 | Math.floor(random() * 64);
  const noise = hex(Math.floor(random() * 0x1_0000_0000), 8);
  return `${time.slice(0, 8)}-${time.slice(8)}-8${hex(shard, 3)}-${hex(variant, 2)}${noise.slice(0, 2)}-${noise.slice(2)}000000` as DagId;
};

/** Any UUID in lower or upper case, in canonical form; undefined where the text is none. */
export const parseUuid = (text: string): string | undefined => {
  const lower = text.toLowerCase();
  return UUID.test(lower) ? lower : undefined;
};

/** The DAG id that `text` spells, or undefined; a UUID that was never minted here is fine: it just doesn't exist. */
export const parseDagId = (text: string): DagId | undefined => parseUuid(text) as DagId | undefined;

/** Which task `text` names, or undefined where it is no UUID or names a DAG. */
export const parseTaskId = (text: string): TaskRef | undefined => {
  const uuid = parseUuid(text);
  if (uuid === undefined) return undefined;
  const index = parseInt(uuid.slice(30), 16);
  return index === 0 ? undefined : { dag: `${uuid.slice(0, 30)}000000` as DagId, task: index - 1 };
};

export const taskIdOf = (dag: DagId, task: number): TaskId => `${dag.slice(0, 30)}${hex(task + 1, 6)}` as TaskId;

/** The least id that a DAG which was planned then, or later, can have. */
export const leastIdAt = (ms: number): DagId => {
  const time = hex(ms, 12);
  return `${time.slice(0, 8)}-${time.slice(8)}-0000-0000-000000000000` as DagId;
};

/** When a DAG was planned, in milliseconds since 1970: its id carries that too. */
export const mintedAt = (dag: DagId): number => parseInt(dag.slice(0, 8) + dag.slice(9, 13), 16);

/** The shard that a DAG's id carries. */
export const shardOf = (dag: DagId): number => parseInt(dag.slice(15, 18), 16);
