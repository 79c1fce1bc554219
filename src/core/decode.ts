/** Whether what came out of a log is an event: logs are written by other processes, of other versions too. */
import { isCommand } from './decodeCommand';
import type { Event } from './event';
import { count, fence, flag, fraction, has, listOf, name, optional, record, text, textOrNull, time, type Check, type Shape } from './shapes';

const dispatched: Shape = { dag: text, task: count, dispatch: count };
const tasks = listOf((value) => has(value, dispatched));

const execution = { ...dispatched, fence, session: name, worker: name, sentAt: time, startedAt: time };
/** The law reads these fields of an error; it is written as it came. */
const error: Check = (value) => has(value, { kind: text, message: text, name: optional(text), code: optional(text), stack: optional(text) });

const SHAPES: Readonly<Record<Event['type'], Shape>> = {
  started: execution,
  completed: { ...execution, endedAt: time, result: textOrNull },
  failed: { ...execution, endedAt: time, error, retryable: flag },
  progressed: { ...execution, fraction, message: textOrNull },
  checkpointed: { ...execution, sequence: count, state: text },
  released: { session: text, tasks },
  lost: { session: text, evidence: text, tasks },
  withdrawn: { session: textOrNull, tasks },
  due: { tasks, gatedUntil: optional(time) },
  dagDue: { dag: text },
  commanded: { id: text, dag: text, command: isCommand, by: textOrNull, reason: textOrNull },
  alive: { session: text },
  marked: { epoch: count, mark: count },
  continued: { dag: text },
  audited: { dag: text, repair: optional((value) => has(value, { check: text, by: textOrNull, reason: textOrNull })) },
  submitted: { dag: text },
};

/** True where `value` has the shape of an event that this version knows. */
export const isEvent = (value: unknown): value is Event => {
  if (!record(value)) return false;
  const { type } = value as { readonly type?: unknown };
  // Own names only: 'constructor' is no event.
  return typeof type === 'string' && Object.hasOwn(SHAPES, type) && has(value, SHAPES[type as Event['type']]);
};
