/** What the scheduler tells as it happens: one EventSource for the whole page, on the topics that are listened to. */
import { HIDDEN_MS, type Sight } from './sight';

/** `idle` while nobody listens; `connecting` before the first answer; `live` while events come; `cut off` from a break until they come again. */
export type Connection = 'idle' | 'connecting' | 'live' | 'cut off';

export type EventName = 'overview' | 'dags' | 'workers' | 'dag';

export interface Listening {
  readonly topic: string;
  readonly event: EventName;
  heard(data: unknown): void;
  /** Events may have been missed: read everything anew. */
  reset(): void;
}

const EVENTS: readonly EventName[] = ['overview', 'dags', 'workers', 'dag'];
const FIRST_WAIT_MS = 1_000;
const LONGEST_WAIT_MS = 15_000;
/** The server says `alive` every fifteen seconds: a connection that is silent for longer leads nowhere, though nobody has closed it. */
const SILENT_MS = 45_000;

export interface Stream {
  /** Listens until the function that it returns is called. */
  listen(listening: Listening): () => void;
}

/** As much of an EventSource as is needed. */
export interface Source {
  readonly readyState: number;
  addEventListener(name: string, heard: (message: { readonly data: string }) => void): void;
  close(): void;
}

/** EventSource.CLOSED: a browser gives up for good where the answer is no stream. */
export const CLOSED = 2;

interface Opened {
  readonly source: Source;
  readonly topics: string;
}

export interface StreamNeeds {
  /** Makes the EventSource of an address. */
  readonly open: (address: string) => Source;
  readonly sight: Sight;
  /** Told how the connection is whenever that changes. */
  readonly show: (connection: Connection) => void;
}

export const createStream = ({ open, sight, show }: StreamNeeds): Stream => {
  const listeners = new Set<Listening>();
  let opened: Opened | undefined;
  let connection: Connection = 'idle';
  let waitMs = FIRST_WAIT_MS;
  let planned: ReturnType<typeof setTimeout> | undefined;
  let silence: ReturnType<typeof setTimeout> | undefined;

  const become = (next: Connection): void => {
    connection = next;
    show(next);
  };
  const wanted = (): string => [...new Set([...listeners].map(({ topic }) => topic))].sort().join(',');
  const resetAll = (): void => {
    for (const { reset } of [...listeners]) reset();
  };
  const hear = (event: EventName, text: string): void => {
    const data: unknown = JSON.parse(text);
    for (const listening of [...listeners]) if (listening.event === event) listening.heard(data);
  };
  const close = (): void => {
    clearTimeout(silence);
    opened?.source.close();
    opened = undefined;
  };
  const plan = (ms: number): void => {
    clearTimeout(planned);
    planned = setTimeout(renew, ms);
  };
  const lose = (): void => {
    become('cut off');
    close();
    plan(waitMs);
    waitMs = Math.min(LONGEST_WAIT_MS, waitMs * 2);
  };
  const awaitWord = (): void => {
    clearTimeout(silence);
    silence = setTimeout(lose, SILENT_MS);
  };
  const watch = (source: Source): void => {
    const on = (name: string, heard: (data: string) => void): void => {
      source.addEventListener(name, ({ data }) => {
        awaitWord();
        heard(data);
      });
    };
    on('open', () => {
      waitMs = FIRST_WAIT_MS;
      become('live');
      // What was fetched before is older than the first event. Also where a browser resumes: that may be at another server.
      resetAll();
    });
    on('alive', () => undefined);
    on('reset', resetAll);
    for (const event of EVENTS) {
      on(event, (data) => {
        hear(event, data);
      });
    }
    source.addEventListener('error', () => {
      if (source.readyState === CLOSED) lose();
      else become('cut off');
    });
    awaitWord();
  };
  const renew = (): void => {
    const topics = sight.isHidden() ? '' : wanted();
    if (topics === opened?.topics) return;
    close();
    if (topics === '') {
      become('idle');
      return;
    }
    if (connection === 'idle') become('connecting');
    const source = open(`/api/v1/stream?topics=${topics.split(',').map(encodeURIComponent).join(',')}`);
    opened = { source, topics };
    watch(source);
  };

  sight.onHiding(() => {
    plan(sight.isHidden() ? HIDDEN_MS : 0);
  });
  return {
    listen: (listening) => {
      listeners.add(listening);
      plan(0);
      return () => {
        listeners.delete(listening);
        plan(0);
      };
    },
  };
};
