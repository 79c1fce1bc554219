/** The log of a task as it grows: what is there page by page, then line by line; from its last line on after whatever broke it off. */
import { mayPass, RETRY_MS } from '../api/problem';
import { HIDDEN_MS, type Sight } from '../live/sight';
import { CLOSED, type Source } from '../live/stream';
import { withLines, type LogLine } from './logLines';

export interface LogPage {
  readonly items: readonly LogLine[];
  readonly nextCursor: string | null;
}

export interface Log {
  readonly lines: readonly LogLine[];
  /** It `reads` what there is, `follows` what comes, `rests` until it goes on, or is `over`. */
  readonly stage: 'reads' | 'follows' | 'rests' | 'over';
  /** Why it couldn't be read. */
  readonly error: unknown;
}

export const NOTHING_READ: Log = { lines: [], stage: 'rests', error: undefined };

export interface FollowingNeeds {
  /** One page of the lines behind a place. */
  readonly read: (after: string | undefined, signal: AbortSignal) => Promise<LogPage>;
  /** The lines behind a place as they come, as an EventSource. */
  readonly open: (after: string | undefined) => Source;
  /** Whether lines may still come. */
  readonly mayGoOn: () => boolean;
  readonly sight: Sight;
  readonly show: (log: Log) => void;
}

export interface Following {
  /** Goes on from the last line, where it rests. */
  goOn(): void;
  end(): void;
}

export const createFollowing = ({ read, open, mayGoOn, sight, show }: FollowingNeeds): Following => {
  const ending = new AbortController();
  let log = NOTHING_READ;
  let place: string | undefined;
  let source: Source | undefined;
  let planned: ReturnType<typeof setTimeout> | undefined;

  const put = (changes: Partial<Log>): void => {
    if (ending.signal.aborted) return;
    log = { ...log, ...changes };
    show(log);
  };
  const hear = (newer: readonly LogLine[]): void => {
    place = newer.at(-1)?.id ?? place;
    put({ lines: withLines(log.lines, newer) });
  };
  const plan = (ms: number, next: () => void): void => {
    clearTimeout(planned);
    planned = setTimeout(next, ms);
  };
  const leave = (stage: 'rests' | 'over'): void => {
    source?.close();
    source = undefined;
    put({ stage });
  };
  const follow = (): void => {
    const opened = open(place);
    source = opened;
    opened.addEventListener('line', ({ data }) => {
      hear([JSON.parse(data) as LogLine]);
    });
    opened.addEventListener('error', () => {
      // A browser tries again by itself, but where the server refused.
      if (opened.readyState !== CLOSED) return;
      leave('rests');
      plan(RETRY_MS, goOn);
    });
    opened.addEventListener('end', () => {
      leave('over');
    });
    put({ stage: 'follows' });
  };
  const readAll = async (): Promise<void> => {
    for (;;) {
      const { items, nextCursor } = await read(place, ending.signal);
      hear(items);
      if (nextCursor === null) return;
      place = nextCursor;
    }
  };
  const begin = (): void => {
    put({ stage: 'reads' });
    readAll().then(
      () => {
        if (ending.signal.aborted) return;
        put({ error: undefined });
        if (!mayGoOn()) put({ stage: 'over' });
        else if (sight.isHidden()) put({ stage: 'rests' });
        else follow();
      },
      (error: unknown) => {
        put({ stage: 'rests', error });
        if (mayPass(error) && !ending.signal.aborted) plan(RETRY_MS, goOn);
      },
    );
  };
  const goOn = (): void => {
    if (log.stage === 'rests' && !sight.isHidden()) begin();
  };
  const deafen = sight.onHiding(() => {
    if (!sight.isHidden()) plan(0, goOn);
    else
      plan(HIDDEN_MS, () => {
        if (log.stage === 'follows') leave('rests');
      });
  });
  begin();
  return {
    goOn,
    end: () => {
      ending.abort();
      clearTimeout(planned);
      deafen();
      source?.close();
    },
  };
};
