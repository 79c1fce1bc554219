/** Whether what came out of a log is an event: logs are written by other processes, of other versions too. */
import type { Event } from './event';

type Check = (value: unknown) => boolean;

const text: Check = (value) => typeof value === 'string';
/** What ends in a column of its own: no database takes a zero character. */
const name: Check = (value) => typeof value === 'string' && !value.includes('\0');
const textOrNull: Check = (value) => value === null || typeof value === 'string';
const count: Check = (value) => Number.isSafeInteger(value) && (value as number) >= 0;
const time: Check = (value) => typeof value === 'number' && Number.isFinite(value) && value >= 0 && value < 8.64e15;
const fraction: Check = (value) => typeof value === 'number' && value >= 0 && value <= 1;
const flag: Check = (value) => typeof value === 'boolean';
const LARGEST_FENCE = '9223372036854775807';
const fence: Check = (value) =>
  typeof value === 'string' && /^(0|[1-9]\d{0,18})$/.test(value) && (value.length < LARGEST_FENCE.length || value <= LARGEST_FENCE);
const record: Check = (value) => typeof value === 'object' && value !== null;

const dispatched: Readonly<Record<string, Check>> = { dag: text, task: count, dispatch: count };
const has = (value: unknown, fields: Readonly<Record<string, Check>>): boolean => {
  if (!record(value)) return false;
  for (const field in fields) if (!fields[field]!((value as Record<string, unknown>)[field])) return false;
  return true;
};
const tasks: Check = (value) => Array.isArray(value) && value.every((task) => has(task, dispatched));

const execution = { ...dispatched, fence, session: name, worker: name, sentAt: time, startedAt: time };
const SHAPES: Readonly<Record<Event['type'], Readonly<Record<string, Check>>>> = {
  started: execution,
  completed: { ...execution, endedAt: time, result: textOrNull },
  failed: { ...execution, endedAt: time, error: record, retryable: flag },
  progressed: { ...execution, fraction, message: textOrNull },
  checkpointed: { ...execution, sequence: count, state: text },
  released: { session: text, tasks },
  lost: { session: text, evidence: text, tasks },
  withdrawn: { session: textOrNull, tasks },
  due: { tasks },
  dagDue: { dag: text },
  commanded: { id: text, dag: text, command: record, by: textOrNull, reason: textOrNull },
  alive: { session: text },
  continued: { dag: text },
  submitted: { dag: text },
};

/** True where `value` has the shape of an event that this version knows. */
export const isEvent = (value: unknown): value is Event => {
  if (!record(value)) return false;
  const { type } = value as { readonly type?: unknown };
  // Own names only: 'constructor' is no event.
  return typeof type === 'string' && Object.hasOwn(SHAPES, type) && has(value, SHAPES[type as Event['type']]);
};
