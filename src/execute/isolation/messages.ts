/** What the worker and the place of an isolated handler say to each other: plain values, one call at a time; `member` is one of its tasks, by its place. */
import type { TaskError } from '../../core/dag';
import type { BatchLimits } from '../../core/handler';
import type { LogLine } from '../../core/logLine';
import type { AbortReason, Outcome } from '../outcome';
import type { Work } from '../work';

export type ToPlace =
  | { readonly kind: 'run'; readonly works: readonly Work[] }
  | { readonly kind: 'abort'; readonly member: number; readonly reason: AbortReason }
  /** The answer to a checkpoint: durable, or why it won't be. */
  | { readonly kind: 'kept'; readonly call: number; readonly refusal: string | null }
  /** So much of the log lines was taken. */
  | { readonly kind: 'taken'; readonly size: number };

export interface Logged {
  readonly kind: 'log';
  readonly member: number;
  readonly line: LogLine;
}

export type FromPlace =
  /** The module is loaded; null where each call takes one task. */
  | { readonly kind: 'ready'; readonly batch: BatchLimits | null }
  /** It can't be loaded. */
  | { readonly kind: 'refused'; readonly why: string }
  | { readonly kind: 'checkpoint'; readonly member: number; readonly call: number; readonly state: string }
  | { readonly kind: 'progress'; readonly member: number; readonly fraction: number; readonly message: string | null }
  | Logged
  | { readonly kind: 'ended'; readonly outcomes: readonly Outcome[] }
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
