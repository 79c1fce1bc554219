/** Data of the API in components: fetched when they appear, kept up to date while they are there. */
import { useCallback, useEffect, useRef, useState } from 'preact/hooks';
import { mayPass, RETRY_MS } from '../api/problem';
import { createFetching, UNREAD, type Fetching, type State } from './fetching';
import { connection, sight, stream } from './page';
import { everyWhileSeen, onceWhileSeen } from './sight';
import type { EventName } from './stream';

export interface Fetched<T> extends State<T> {
  again(): void;
  /** Puts something else in its place: what an event told. */
  change(next: (before: T) => T): void;
}

const POLL_MS = 5_000;

/** Tries again what failed and may work a moment later. */
export const useRetry = (error: unknown, again: () => void): void => {
  useEffect(() => (mayPass(error) ? onceWhileSeen(sight, RETRY_MS, again) : undefined), [error, again]);
};

/**
 * Fetches when it appears, when `key` changes, when asked to, every five seconds while the stream is cut off, and every
 * `everyMs` where that is given. What failed is tried again.
 */
export const useFetched = <T>(key: string, fetcher: (signal: AbortSignal) => Promise<T>, everyMs?: number): Fetched<T> => {
  const [state, setState] = useState<State<T> & { readonly key: string }>({ key, ...UNREAD });
  const latest = useRef(fetcher);
  latest.current = fetcher;
  const fetching = useRef<Fetching<T>>(undefined);
  useEffect(() => {
    const made = createFetching<T>(
      (signal) => latest.current(signal),
      (next) => {
        setState({ key, ...next });
      },
    );
    fetching.current = made;
    made.again();
    return made.end;
  }, [key]);
  const again = useCallback(() => {
    fetching.current?.again();
  }, []);
  const refresh = useCallback(() => {
    fetching.current?.refresh();
  }, []);
  const change = useCallback((next: (before: T) => T) => {
    fetching.current?.change(next);
  }, []);
  const cutOff = connection.value === 'cut off';
  const pollMs = everyMs ?? (cutOff ? POLL_MS : undefined);
  useEffect(() => (pollMs === undefined ? undefined : everyWhileSeen(sight, pollMs, refresh)), [pollMs, refresh]);
  useRetry(state.error, refresh);
  // In the render that sees the new key, the old data is somebody else's.
  return { ...(state.key === key ? state : UNREAD), again, change };
};

/** Listens to a topic of the stream while the component is there; `reset` is told to read everything anew. */
export const useStream = (topic: string, event: EventName, heard: (data: unknown) => void, reset: () => void): void => {
  const latest = useRef({ heard, reset });
  latest.current = { heard, reset };
  useEffect(
    () =>
      stream.listen({
        topic,
        event,
        heard: (data) => {
          latest.current.heard(data);
        },
        reset: () => {
          latest.current.reset();
        },
      }),
    [topic, event],
  );
};

/** Reads again at most once in a while, however much changes. */
export const useSparingly = (again: () => void, ms: number): (() => void) => {
  const planned = useRef<ReturnType<typeof setTimeout>>(undefined);
  return () => {
    planned.current ??= setTimeout(() => {
      planned.current = undefined;
      again();
    }, ms);
  };
};
