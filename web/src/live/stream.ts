/** What the scheduler tells as it happens: one EventSource for the whole page, on the topics that are listened to. */
import { signal } from '@preact/signals';

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

/** Whether what is shown is being kept up to date. */
export const connection = signal<Connection>('idle');

export interface Stream {
  /** Listens until the function that it returns is called. */
  listen(listening: Listening): () => void;
}

interface Opened {
  readonly source: EventSource;
  readonly topics: string;
}

export interface StreamNeeds {
  /** Makes the EventSource of an address. */
  readonly open: (address: string) => EventSource;
  /** Whether nobody can see the page. */
  readonly isHidden: () => boolean;
  /** Calls back whenever that changes. */
  readonly onHiding: (changed: () => void) => void;
}

/** A browser has six connections to a server for all of its tabs together: one that is out of sight gives its own back after a while. */
const HIDDEN_MS = 20_000;

export const createStream = ({ open, isHidden, onHiding }: StreamNeeds): Stream => {
  const listeners = new Set<Listening>();
  let opened: Opened | undefined;
  let waitMs = FIRST_WAIT_MS;
  let planned: ReturnType<typeof setTimeout> | undefined;

  const wanted = (): string => [...new Set([...listeners].map(({ topic }) => topic))].sort().join(',');
  const resetAll = (): void => {
    for (const { reset } of [...listeners]) reset();
  };
  const hear = (event: EventName, text: string): void => {
    const data: unknown = JSON.parse(text);
    for (const listening of [...listeners]) if (listening.event === event) listening.heard(data);
  };
  const close = (): void => {
    opened?.source.close();
    opened = undefined;
  };
  const plan = (ms: number): void => {
    clearTimeout(planned);
    planned = setTimeout(renew, ms);
  };
  const watch = (source: EventSource): void => {
    source.addEventListener('open', () => {
      waitMs = FIRST_WAIT_MS;
      connection.value = 'live';
      // What was fetched before is older than the first event. Also where a browser resumes: that may be at another server.
      resetAll();
    });
    source.addEventListener('error', () => {
      connection.value = 'cut off';
      // A browser gives up for good where the answer is no stream.
      if (source.readyState !== EventSource.CLOSED) return;
      close();
      plan(waitMs);
      waitMs = Math.min(LONGEST_WAIT_MS, waitMs * 2);
    });
    source.addEventListener('reset', resetAll);
    for (const event of EVENTS) {
      source.addEventListener(event, (message) => {
        hear(event, (message as MessageEvent<string>).data);
      });
    }
  };
  const renew = (): void => {
    const topics = isHidden() ? '' : wanted();
    if (topics === opened?.topics) return;
    close();
    if (topics === '') {
      connection.value = 'idle';
      return;
    }
    if (connection.value === 'idle') connection.value = 'connecting';
    const source = open(`/api/v1/stream?topics=${topics.split(',').map(encodeURIComponent).join(',')}`);
    opened = { source, topics };
    watch(source);
  };

  onHiding(() => {
    plan(isHidden() ? HIDDEN_MS : 0);
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

/** The page's own. */
export const stream = createStream({
  open: (address) => new EventSource(address),
  isHidden: () => document.hidden,
  onHiding: (changed) => {
    document.addEventListener('visibilitychange', changed);
  },
});
