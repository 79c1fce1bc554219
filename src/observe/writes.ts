/** Whether the database takes writes, as far as the engine's own writes tell: a full disk answers every question. */
import { isFailure } from '../core/failure';
import type { Clock } from '../ports/clock';
import type { Listen } from '../ports/happenings';

export interface WritesNeeds {
  readonly listen: Listen;
  readonly clock: Pick<Clock, 'monotonic'>;
}

/** A write that failed is news for so long; where there is something to write, it is tried again sooner. */
const NEWS_MS = 5000;

export interface Writes {
  /** Throws the last write's STORE_UNAVAILABLE while it is news and none has succeeded since. */
  check(): void;
  /** The same write, with its end noted. */
  watched<Given extends unknown[], Answer>(write: (...given: Given) => Promise<Answer>): (...given: Given) => Promise<Answer>;
}

/** Hears of commits; other writes are handed to `watched`. Commits may go on in the room that pages have left when nothing can be added. */
export const createWrites = ({ listen, clock }: WritesNeeds): Writes => {
  const last = new Map<'commit' | 'other', { readonly error: Error; readonly at: number }>();
  const failed = (kind: 'commit' | 'other', error: unknown): void => {
    if (isFailure(error, 'STORE_UNAVAILABLE')) last.set(kind, { error, at: clock.monotonic() });
  };
  listen('commit.failed', ({ error }) => {
    failed('commit', error);
  });
  listen('commit.done', () => {
    last.delete('commit');
  });
  return {
    check: () => {
      for (const { error, at } of last.values()) if (clock.monotonic() - at < NEWS_MS) throw error;
    },
    watched:
      (write) =>
      async (...given) => {
        try {
          const answer = await write(...given);
          last.delete('other');
          return answer;
        } catch (error) {
          failed('other', error);
          throw error;
        }
      },
  };
};
