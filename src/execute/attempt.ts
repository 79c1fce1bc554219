/** One attempt of one task on this worker, while it runs. */
import type { Dispatch, Dispatched, Execution } from '../core/event';
import type { WantedClaim } from '../ports/leases';
import type { AbortReason } from './outcome';
import type { Held } from './prefetch';
import type { Begun } from './work';

export interface Attempt {
  readonly held: Held;
  readonly startedAt: number;
  readonly controller: AbortController;
  /** The context of its span, or of the one that sent it; undefined where nothing is traced. */
  readonly traceparent: string | undefined;
  /** Somebody was told that it runs. */
  told: boolean;
  /** Its handler was called. */
  begun?: Begun;
  /** When its place had loaded its handler; undefined until then, and where nothing is to be loaded. */
  loadedAt?: number;
  /** Past its hard limit, in a place that can't be ended: it keeps its slot until its handler returns by itself. */
  stuck: boolean;
  /** Its end was reported already, before its handler's. */
  reported: boolean;
  /** It has ended: what its handler says later is heard no more. */
  over: boolean;
  cancelHardLimit(): void;
}

export const dispatchedOf = ({ dag, task, dispatch }: Dispatched): Dispatched => ({ dag, task, dispatch });
/** What its claim asks for. */
export const claimOf = ({ dag, task, dispatch, slots }: Dispatch): WantedClaim =>
  slots === undefined ? { dag, task, dispatch } : { dag, task, dispatch, slots };
export const keyOf = (dispatch: Dispatched): string => `${dispatch.dag}/${String(dispatch.task)}`;
export const numberedKeyOf = (dispatch: Dispatched): string => `${keyOf(dispatch)}/${String(dispatch.dispatch)}`;

/** Undefined while its signal has not fired. */
export const abortReasonOf = ({ controller: { signal } }: Attempt): AbortReason | undefined =>
  signal.aborted ? (signal.reason as AbortReason) : undefined;

/** The part of a report that says which execution it speaks of. */
export const executionOf = ({ held: { dispatch, fence, sentAt }, startedAt }: Attempt, who: { session: string; worker: string }): Execution => ({
  dag: dispatch.dag,
  task: dispatch.task,
  dispatch: dispatch.dispatch,
  fence,
  session: who.session,
  worker: who.worker,
  sentAt,
  startedAt,
});
