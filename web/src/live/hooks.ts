/** Data of the API in components: fetched when they appear, kept up to date while they are there. */
import { useCallback, useEffect, useRef, useState } from 'preact/hooks';
import { connection, stream, type EventName } from './stream';

export interface Fetched<T> {
  /** Undefined until the first answer. What came last stays while it is fetched again, and while that fails. */
  readonly data: T | undefined;
  readonly error: unknown;
  readonly loading: boolean;
  again(): void;
  /** Puts something else in its place: what an event told. */
  change(next: (before: T) => T): void;
}

const POLL_MS = 5_000;

type State<T> = Pick<Fetched<T>, 'data' | 'error' | 'loading'> & { readonly key: string };

/**
 * Fetches when it appears, when `key` changes, when asked to, every five seconds while the stream is cut off, and every
 * `everyMs` where that is given.
 */
export const useFetched = <T>(key: string, fetcher: (signal: AbortSignal) => Promise<T>, everyMs?: number): Fetched<T> => {
  const [state, setState] = useState<State<T>>({ key, data: undefined, error: undefined, loading: true });
  const latest = useRef(fetcher);
  latest.current = fetcher;
  const [turn, setTurn] = useState(0);
  // What events tell while an answer is under way may be newer than that answer: it is told to it, too.
  const meanwhile = useRef<((before: T) => T)[] | undefined>(undefined);
  const again = useCallback(() => {
    setTurn((before) => before + 1);
  }, []);
  useEffect(() => {
    const ending = new AbortController();
    const changes: ((before: T) => T)[] = (meanwhile.current = []);
    const over = (): void => {
      if (meanwhile.current === changes) meanwhile.current = undefined;
    };
    setState((before) => (before.key === key ? { ...before, loading: true } : { key, data: undefined, error: undefined, loading: true }));
    latest.current(ending.signal).then(
      (data) => {
        if (ending.signal.aborted) return;
        over();
        setState({ key, data: changes.reduce((before, next) => next(before), data), error: undefined, loading: false });
      },
      (error: unknown) => {
        if (ending.signal.aborted) return;
        over();
        setState((before) => ({ ...before, error, loading: false }));
      },
    );
    return () => {
      ending.abort();
    };
  }, [key, turn]);
  const cutOff = connection.value === 'cut off';
  useEffect(() => {
    const ms = everyMs ?? (cutOff ? POLL_MS : undefined);
    if (ms === undefined) return undefined;
    const timer = setInterval(again, ms);
    return () => {
      clearInterval(timer);
    };
  }, [cutOff, everyMs, again]);
  const change = useCallback((next: (before: T) => T) => {
    meanwhile.current?.push(next);
    setState((before) => (before.data === undefined ? before : { ...before, data: next(before.data) }));
  }, []);
  // In the render that sees the new key, the old data is somebody else's.
  return { ...(state.key === key ? state : { data: undefined, error: undefined, loading: true }), again, change };
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
