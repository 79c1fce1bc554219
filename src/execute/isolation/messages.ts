/** What the worker and the place of an isolated handler say to each other: plain values, one attempt at a time. */
import type { TaskError } from '../../core/dag';
import type { AbortReason, Outcome } from '../outcome';
import type { Work } from '../work';

export type ToPlace =
  | { readonly kind: 'run'; readonly work: Work }
  | { readonly kind: 'abort'; readonly reason: AbortReason }
  /** The answer to a checkpoint: durable, or why it won't be. */
  | { readonly kind: 'kept'; readonly call: number; readonly refusal: string | null };

export type FromPlace =
  /** The module is loaded. */
  | { readonly kind: 'ready' }
  /** It can't be loaded. */
  | { readonly kind: 'refused'; readonly why: string }
  | { readonly kind: 'checkpoint'; readonly call: number; readonly state: string }
  | { readonly kind: 'progress'; readonly fraction: number; readonly message: string | null }
  /** `details` is JSON text. */
  | { readonly kind: 'log'; readonly level: 'info' | 'warn' | 'error'; readonly message: string; readonly details: string | null }
  | { readonly kind: 'ended'; readonly outcome: Outcome }
  /** An error that nobody caught: the place ends itself. */
  | { readonly kind: 'crashed'; readonly error: TaskError };

/** The place's own side of the line. */
export interface Line {
  send(message: FromPlace): void;
  /** Ends the place once everything that was sent has left. */
  leave(code: number): void;
  listen(hear: (message: ToPlace) => void): void;
}

/** What a place is told before its first message. */
export interface PlaceSettings {
  /** The handler's file. */
  readonly file: string;
}
