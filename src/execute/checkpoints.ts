/** Checkpoints that wait to be durable, and progress that waits to be told: at most once a second for each attempt. */
import type { Dispatched } from '../core/event';
import type { Clock } from '../ports/clock';
import { numberedKeyOf, type Attempt } from './attempt';

export type Telling = { type: 'checkpointed'; sequence: number; state: string } | { type: 'progressed'; fraction: number; message: string | null };

export interface Teller {
  send(report: Telling): void;
}

interface Waiting {
  readonly state: string;
  sentAt: number;
  resolve(): void;
  reject(error: Error): void;
}

interface Open {
  readonly teller: Teller;
  readonly waiting: Map<number, Waiting>;
  sequence: number;
  progress: { fraction: number; message: string | null } | undefined;
  progressAt: number;
  /** When the handler last said anything. */
  heardAt: number;
  over: boolean;
}

const SEND_AGAIN_MS = 2000;
const PROGRESS_EVERY_MS = 1000;

export interface Checkpoints {
  /** The functions that a handler calls. */
  open(attempt: Attempt, teller: Teller): { checkpoint(state: string): Promise<void>; progress(fraction: number, message: string | null): void };
  /** The owner has committed a checkpoint. */
  acknowledge(dispatch: Dispatched, sequence: number): void;
  /** Sends again what wasn't acknowledged, and progress that is due. */
  tick(attempt: Attempt): void;
  /** When the handler last told of progress, in milliseconds since 1970; one that waits for a checkpoint to be durable is doing its part. */
  heardAt(attempt: Attempt): number;
  /** The attempt is over: whatever still waits is rejected. */
  close(attempt: Attempt): void;
}

const isOver = (): Error => new Error('the attempt is over');

const end = (open: Open): void => {
  open.over = true;
  for (const waiting of open.waiting.values()) waiting.reject(isOver());
  open.waiting.clear();
};

export const createCheckpoints = ({ clock }: { readonly clock: Clock }): Checkpoints => {
  const opened = new Map<string, Open>();

  return {
    open: (attempt, teller) => {
      const open: Open = { teller, waiting: new Map(), sequence: 0, progress: undefined, progressAt: 0, heardAt: clock.now(), over: false };
      opened.set(numberedKeyOf(attempt.held.dispatch), open);
      // Nobody acknowledges an attempt that was given up: its handler must not wait for that.
      attempt.controller.signal.addEventListener(
        'abort',
        () => {
          end(open);
        },
        { once: true },
      );
      return {
        checkpoint: (state) =>
          new Promise<void>((resolve, reject) => {
            if (open.over) {
              reject(isOver());
              return;
            }
            open.heardAt = clock.now();
            const sequence = (open.sequence += 1);
            open.waiting.set(sequence, { state, sentAt: clock.now(), resolve, reject });
            teller.send({ type: 'checkpointed', sequence, state });
          }),
        progress: (fraction, message) => {
          open.progress = { fraction, message };
          open.heardAt = clock.now();
        },
      };
    },
    acknowledge: (dispatch, sequence) => {
      const open = opened.get(numberedKeyOf(dispatch));
      if (open === undefined) return;
      for (const [number, waiting] of open.waiting) {
        if (number > sequence) continue;
        open.waiting.delete(number);
        waiting.resolve();
      }
      open.heardAt = clock.now();
    },
    tick: (attempt) => {
      const open = opened.get(numberedKeyOf(attempt.held.dispatch));
      if (open === undefined) return;
      const now = clock.now();
      for (const [sequence, waiting] of open.waiting) {
        // Only the newest is sent again: an older one would undo it.
        if (sequence !== open.sequence || now - waiting.sentAt < SEND_AGAIN_MS) continue;
        waiting.sentAt = now;
        open.teller.send({ type: 'checkpointed', sequence, state: waiting.state });
      }
      if (open.progress === undefined || now - open.progressAt < PROGRESS_EVERY_MS) return;
      open.teller.send({ type: 'progressed', ...open.progress });
      open.progress = undefined;
      open.progressAt = now;
    },
    heardAt: (attempt) => {
      const open = opened.get(numberedKeyOf(attempt.held.dispatch));
      return open === undefined || open.waiting.size > 0 ? clock.now() : open.heardAt;
    },
    close: (attempt) => {
      const open = opened.get(numberedKeyOf(attempt.held.dispatch));
      opened.delete(numberedKeyOf(attempt.held.dispatch));
      if (open !== undefined) end(open);
    },
  };
};
