/** Something of the API, read when it is asked for and kept: by one request at a time, however often that is. */

type Change<T> = (before: T) => T;

export interface State<T> {
  /** Undefined until the first answer. What came last stays while it is read again, and while that fails. */
  readonly data: T | undefined;
  readonly error: unknown;
  readonly loading: boolean;
}

export const UNREAD = { data: undefined, error: undefined, loading: true } as const;

export interface Fetching<T> {
  /** Reads it. Where an answer is under way, that may be older than what is asked for: then once more after it. */
  again(): void;
  /** Reads it, unless an answer is under way. */
  refresh(): void;
  /** Puts something else in its place: what an event told. */
  change(next: Change<T>): void;
  /** Nothing is shown afterwards. */
  end(): void;
}

interface UnderWay<T> {
  readonly ending: AbortController;
  /** What events tell while an answer is under way may be newer than that answer: it is told to it, too. */
  readonly meanwhile: Change<T>[];
  next: 'nothing' | 'once more';
}

export const createFetching = <T>(read: (signal: AbortSignal) => Promise<T>, show: (shown: State<T>) => void): Fetching<T> => {
  let state: State<T> = UNREAD;
  let underWay: UnderWay<T> | 'ended' | undefined;

  const put = (changes: Partial<State<T>>): void => {
    state = { ...state, ...changes };
    show(state);
  };
  const begin = (): void => {
    const reading: UnderWay<T> = { ending: new AbortController(), meanwhile: [], next: 'nothing' };
    underWay = reading;
    const over = (changes: Partial<State<T>>): void => {
      underWay = undefined;
      put({ ...changes, loading: false });
      if (reading.next === 'once more') begin();
    };
    put({ loading: true });
    read(reading.ending.signal).then(
      (data) => {
        if (underWay === reading) over({ data: reading.meanwhile.reduce((before, next) => next(before), data), error: undefined });
      },
      (error: unknown) => {
        if (underWay === reading) over({ error });
      },
    );
  };
  return {
    again: () => {
      if (underWay === undefined) begin();
      else if (underWay !== 'ended') underWay.next = 'once more';
    },
    refresh: () => {
      if (underWay === undefined) begin();
    },
    change: (next) => {
      if (underWay === 'ended') return;
      underWay?.meanwhile.push(next);
      if (state.data !== undefined) put({ data: next(state.data) });
    },
    end: () => {
      if (typeof underWay === 'object') underWay.ending.abort();
      underWay = 'ended';
    },
  };
};
