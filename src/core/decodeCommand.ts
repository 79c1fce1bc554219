/** Whether what a log holds is a command that this version knows. */
import type { Command } from './command';
import { TRIGGER_RULES } from './dag';
import { count, flag, has, listOf, optional, orNull, record, text, textOrNull, time, type Check, type Shape } from './shapes';

const counts = listOf(count);
const oneOf =
  (...values: readonly unknown[]): Check =>
  (value) =>
    values.includes(value);

const backoff: Check = (value) =>
  has(value, { type: oneOf('exponential', 'linear', 'fixed'), initialMs: time, factor: time, maxMs: time, jitter: time });
const options: Check = (value) =>
  has(value, {
    triggerRule: optional(oneOf(...TRIGGER_RULES)),
    queueTimeoutSeconds: optional(time),
    progressTimeoutSeconds: optional(time),
    totalTimeoutSeconds: optional(time),
    noRetryOn: optional(listOf(text)),
    maxTimeoutRetries: optional(count),
    pool: optional(text),
    requiresApproval: optional(flag),
  });

const planned: Check = (value) =>
  has(value, {
    name: text,
    type: text,
    dependencies: counts,
    // Of the ready queue's lanes.
    priority: oneOf(0, 1, 2, 3, 4, 5, 6, 7, 8, 9),
    tags: listOf(text),
    retry: (retry) => has(retry, { maxRetries: count, backoff }),
    timeoutSeconds: orNull(time),
    payload: textOrNull,
    simulate: orNull(record),
    options: orNull(options),
  });

const edit: Check = (value) =>
  has(value, { version: count, added: listOf(planned), replaced: listOf((each) => has(each, { task: count, as: planned })), removed: counts });

const SHAPES: Readonly<Record<Command['kind'], Shape>> = {
  cancel: { tasks: orNull(counts) },
  pause: {},
  resume: {},
  drain: {},
  retry: { tasks: orNull(counts), downstream: flag, payload: optional(textOrNull) },
  rerun: { task: orNull(count) },
  mark: { task: count, as: oneOf('COMPLETED', 'FAILED'), result: optional(textOrNull) },
  skip: { tasks: counts },
  hold: { tasks: counts, resumeAt: orNull(time) },
  release: { tasks: counts },
  approve: { tasks: counts },
  edit: { edit },
};

/** True where `value` has the shape of a command. */
export const isCommand: Check = (value) => {
  const kind = record(value) ? (value as { readonly kind?: unknown }).kind : undefined;
  return typeof kind === 'string' && Object.hasOwn(SHAPES, kind) && has(value, SHAPES[kind as Command['kind']]);
};
