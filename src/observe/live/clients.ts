/** The clients of one process's stream: who is there, and what each is sent. */
import { placeText, type Place } from '../../core/live';
import type { DagId } from '../../core/ids';
import { overloaded } from '../../core/failure';
import type { Clock } from '../../ports/clock';
import type { Announce } from '../../ports/happenings';
import { createReader, type Frame, type Reader, type Sink } from './reader';
import type { PlainTopic, Topics } from './topics';

export interface Client {
  readonly topics: Topics;
  readonly reader: Reader;
  /** The place that it came back with, until it is known what it missed. */
  resuming: string | undefined;
  /** Snapshots that it hasn't been sent yet. */
  readonly awaiting: Set<PlainTopic>;
}

export interface ClientsNeeds {
  readonly clock: Pick<Clock, 'monotonic'>;
  readonly most: number;
  readonly announce: Announce;
  /** Where a client that was sent everything up to now goes on from. */
  readonly place: () => Place | undefined;
}

export interface Clients {
  readonly all: ReadonlySet<Client>;
  /** Rejects where there are too many, or the process stops. The answer takes it away again. */
  add(sink: Sink, topics: Topics, lastEventId: string | undefined): () => void;
  /** Since when there are any; undefined for none. */
  since(): number | undefined;
  wants(topic: PlainTopic): boolean;
  watched(dag: DagId): boolean;
  /** All that anybody watches, also those that left a moment ago. */
  watch(): readonly DagId[];
  frame(event: Frame['event'], json: string): Frame;
  send(frame: Frame, to: (client: Client) => boolean): void;
  reset(why: string, to: (client: Client) => boolean): void;
  /** Shows that the connections live, and cuts those that take nothing. */
  tendOnce(): void;
  close(): void;
}

const STUCK_MS = 60_000;
const RETRY_SECONDS = 5;

const eventText = (event: string, place: Place | undefined, json: string): string =>
  `event: ${event}\n${place === undefined ? '' : `id: ${placeText(place)}\n`}data: ${json}\n\n`;

export const createClients = ({ clock, most, place, announce }: ClientsNeeds): Clients => {
  const all = new Set<Client>();
  let since: number | undefined;
  let closed = false;

  const frame = (event: Frame['event'], json: string): Frame => ({ event, bytes: Buffer.from(eventText(event, place(), json)) });
  const resetFrame = (why: string): Frame => frame('reset', JSON.stringify({ reason: why }));
  const some = (wants: (topics: Topics) => boolean): boolean => {
    for (const { topics } of all) if (wants(topics)) return true;
    return false;
  };
  return {
    all,
    frame,
    since: () => since,
    add: (sink, topics, lastEventId) => {
      if (closed) throw overloaded('this scheduler stops: others have the same stream', RETRY_SECONDS * 1000);
      if (all.size >= most) {
        announce('stream.dropped', { why: 'refused' });
        throw overloaded(`${most} clients are told already what changes`, RETRY_SECONDS * 1000);
      }
      const reader = createReader(sink, clock, () => {
        announce('stream.dropped', { why: 'slow' });
        return resetFrame('this client was too slow');
      });
      const awaiting = new Set([...topics.plain].filter((topic) => topic !== 'dags'));
      const client: Client = { topics, reader, resuming: lastEventId, awaiting };
      all.add(client);
      since ??= clock.monotonic();
      return () => {
        all.delete(client);
        if (all.size === 0) since = undefined;
      };
    },
    wants: (topic) => some(({ plain }) => plain.has(topic)),
    watched: (dag) => some(({ watched }) => watched.has(dag)),
    watch: () => [...new Set([...all].flatMap(({ topics }) => [...topics.watched]))],
    send: (sent, to) => {
      for (const client of all) if (to(client)) client.reader.send(sent);
    },
    reset: (why, to) => {
      const sent = resetFrame(why);
      for (const client of all) if (to(client)) client.reader.reset(sent);
    },
    tendOnce: () => {
      // An event and no comment: a page that hears nothing at all can tell that the process hangs, or the connection is dead.
      const sign = frame('alive', '{}');
      for (const { reader } of all) {
        const stuckSince = reader.stuckSince();
        if (stuckSince === undefined || clock.monotonic() - stuckSince <= STUCK_MS) reader.send(sign);
        else {
          announce('stream.dropped', { why: 'stuck' });
          reader.cut();
        }
      }
    },
    close: () => {
      closed = true;
      for (const { reader } of all) reader.end();
    },
  };
};
