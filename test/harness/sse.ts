/** A client of server-sent events that shows what came, and may stop reading. */
import { get, type IncomingMessage } from 'node:http';
import { atEnd } from './cleanup';
import { until } from './until';

export interface Received {
  readonly event: string;
  readonly id: string;
  readonly data: unknown;
}

export interface EventReader {
  readonly response: IncomingMessage;
  readonly received: Received[];
  /** As a browser remembers it. */
  lastEventId(): string;
  /** The first event, from the `from`th on, that fits. */
  next(what: string, fits: (each: Received) => boolean, from?: number): Promise<Received>;
  ended(): boolean;
  close(): void;
}

const readBlock = (block: string): Record<string, string> =>
  Object.fromEntries(block.split('\n').flatMap((line) => (line.startsWith(':') ? [] : [line.split(/: (.*)/s).slice(0, 2) as [string, string]])));

/** Connects; `paused` reads nothing before `response.resume()`. */
export const openEvents = async (
  url: string,
  { lastEventId, paused = false }: { lastEventId?: string; paused?: boolean } = {},
): Promise<EventReader> => {
  const response = await new Promise<IncomingMessage>((resolve, reject) => {
    get(url, { agent: false, headers: lastEventId === undefined ? {} : { 'Last-Event-ID': lastEventId } }, resolve).on('error', reject);
  });
  const received: Received[] = [];
  let [rest, last, ended] = ['', lastEventId ?? '', false];
  response.setEncoding('utf8');
  const take = (text: string): void => {
    const blocks = (rest + text).split('\n\n');
    rest = blocks.pop() ?? '';
    for (const { event, id, data } of blocks.map(readBlock)) {
      last = id ?? last;
      if (event !== undefined && data !== undefined) received.push({ event, id: id ?? '', data: JSON.parse(data) });
    }
  };
  response.on('data', take);
  if (paused) response.pause();
  response.on('close', () => (ended = true)).on('error', () => undefined);
  const close = (): void => void response.destroy();
  atEnd(close);
  return {
    response,
    received,
    lastEventId: () => last,
    next: (what, fits, from = 0) => until(() => received.slice(from).find(fits), { what, timeoutMs: 15_000 }),
    ended: () => ended,
    close,
  };
};
