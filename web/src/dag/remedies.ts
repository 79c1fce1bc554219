/** What frees a task that isn't running, by the condition that it waits for. */
import { poolPath } from '../routing/paths';

export type Remedy =
  /** Something that the page can ask for at once. */
  | { readonly kind: 'task'; readonly action: string; readonly words: string }
  | { readonly kind: 'dag'; readonly action: string; readonly words: string }
  /** What is paused or in quarantine is let through: the condition says what. */
  | { readonly kind: 'gate'; readonly words: string }
  /** Something that is done on another page. */
  | { readonly kind: 'page'; readonly to: string; readonly words: string }
  /** Nothing but time. */
  | { readonly kind: 'wait'; readonly words: string };

const REMEDIES: Readonly<Record<string, Remedy>> = {
  DAG_PAUSED: { kind: 'dag', action: 'resume', words: 'Resume the DAG' },
  HELD: { kind: 'task', action: 'release', words: 'Release the task' },
  AWAITING_APPROVAL: { kind: 'task', action: 'approve', words: 'Approve the task' },
  APPROVAL_REQUIRED: { kind: 'wait', words: 'It is asked for as soon as the task could start.' },
  BACKING_OFF: { kind: 'wait', words: 'It is tried again by itself; nothing is to be done.' },
  DEPENDENCIES_UNFINISHED: { kind: 'wait', words: 'It starts once they are over. Look at those first:' },
  QUEUED_BEHIND: { kind: 'page', to: '/workers', words: 'More workers would take it sooner' },
  NO_WORKER_FOR_TYPE: { kind: 'page', to: '/workers', words: 'Start a worker that takes this type, or resume a drained one' },
  NO_FREE_SLOT: { kind: 'page', to: '/workers', words: 'Start another worker, or wait for a slot' },
  SENT_TO_WORKER: { kind: 'page', to: '/workers', words: 'Look at the worker' },
  CANCELLING: { kind: 'wait', words: 'Its worker has been told; a hard limit ends it where it doesn’t listen.' },
  EVERYTHING_PAUSED: { kind: 'gate', words: 'Resume everything' },
  TYPE_PAUSED: { kind: 'gate', words: 'Resume the type' },
  POOL_PAUSED: { kind: 'gate', words: 'Resume the pool' },
  QUARANTINED: { kind: 'gate', words: 'Let the type out of its quarantine' },
  LIMIT_FULL: { kind: 'page', to: '/limits', words: 'Raise the limit, or wait for a slot' },
  RATE_LIMITED: { kind: 'page', to: '/limits', words: 'Raise the rate, or wait' },
};

/** What brings a task that is over back to life. */
const ENDED: Readonly<Record<string, Remedy>> = {
  FAILED: { kind: 'task', action: 'retry', words: 'Try it again' },
  CANCELLED: { kind: 'task', action: 'retry', words: 'Run it after all' },
  SKIPPED: { kind: 'dag', action: 'retry', words: 'Retry what failed before it' },
};

export const remedyOfEnd = (status: string): Remedy | undefined => ENDED[status];

/** Undefined for a condition that this page doesn't know yet: its sentence stands alone. */
export const remedyOf = (code: string): Remedy | undefined => REMEDIES[code];

export interface Waited {
  readonly taskId: string;
  readonly taskName: string;
  readonly status: string;
}

const isWaited = (value: unknown): value is Waited =>
  typeof value === 'object' && value !== null && 'taskId' in value && 'taskName' in value && 'status' in value;

/** The unfinished dependencies that a condition names. */
export const waitedFor = (details: unknown): readonly Waited[] => {
  if (typeof details !== 'object' || details === null || !('dependencies' in details)) return [];
  return Array.isArray(details.dependencies) ? details.dependencies.filter(isWaited) : [];
};

interface Gated {
  readonly scope: 'all' | 'type' | 'pool';
  readonly name: string | null;
  readonly state: 'PAUSED' | 'QUARANTINED';
}

/** Where the remedy of a condition is: a limit of a pool is changed on the page of that pool. */
export const placeOfRemedy = (to: string, details: unknown): string => {
  const { scope, name } = (details ?? {}) as { readonly scope?: unknown; readonly name?: unknown };
  return to === '/limits' && scope === 'pool' && typeof name === 'string' ? poolPath(name) : to;
};

/** The gate that a condition is about. */
export const gateIn = (details: unknown): Gated | undefined =>
  typeof details === 'object' && details !== null && 'scope' in details && 'state' in details && 'name' in details ? (details as Gated) : undefined;

/** The words for a terminal are for a terminal: the page has a button. */
export const withoutCommand = (text: string): string => text.replace(/ [(]dts [^)]* frees it[)]/, '');

const ISO_TIME = /(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:[.]\d+)?Z)/;

/** A sentence in pieces: every second one is a time, which a reader wants in their own zone. */
export const piecesOf = (text: string): readonly string[] => text.split(ISO_TIME);

/** `it waits for a` as a sentence of its own. */
export const sentence = (text: string): string => (text === '' ? '' : `${text[0]!.toUpperCase()}${text.slice(1)}${/[.!?]$/.test(text) ? '' : '.'}`);
