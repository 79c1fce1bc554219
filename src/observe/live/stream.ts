/** What happens, told to the clients of this process: one source for all of them, and next to nothing while there are none. */
import { KEPT_MS } from '../../core/live';
import type { DagId } from '../../core/ids';
import { every, type Loop } from '../../lifecycle/every';
import { rarely } from '../../lifecycle/rarely';
import type { Service } from '../../lifecycle/service';
import { together } from '../../lifecycle/together';
import type { Clock } from '../../ports/clock';
import type { Announce } from '../../ports/happenings';
import type { ChangeFeed, ChangedRows } from '../../ports/live';
import { workerJson, type WorkerStanding } from '../present';
import { createClients, type Clients } from './clients';
import { createFollowing } from './following';
import { freshly } from './freshly';
import type { Notes } from './notes';
import type { Overview } from './overview';
import type { Sink } from './reader';
import { createShowing } from './showing';
import type { Topics } from './topics';

export interface StreamNeeds {
  readonly scheduler: string;
  readonly clock: Clock;
  readonly feed: ChangeFeed;
  readonly notes: Notes;
  readonly rows: ChangedRows;
  readonly overview: Pick<Overview, 'present'>;
  readonly workers: () => Promise<readonly WorkerStanding[]>;
  readonly announce: Announce;
  /** Told of what fails and is tried again. */
  readonly onError: (loop: string, error: unknown) => void;
  /** Clients at the most; a thousand by default. */
  readonly most?: number;
}

export interface Stream {
  readonly service: Service;
  /** Begins to tell a client; the answer ends it. Throws where there are too many. */
  open(sink: Sink, topics: Topics, lastEventId: string | undefined): () => void;
  /** Ends all clients, and takes no more. */
  close(): void;
  /** How many clients there are. */
  clients(): number;
}

const MOST_CLIENTS = 1000;
const CHANGES_MS = 500;
const SHOWN_MS = 1000;
const KEEP_ALIVE_MS = 15_000;
const WATCHED_REMEMBERED = 1000;
/** A list of workers beyond so many bytes is told less often. */
const LARGE_BYTES = 64 * 1024;
const LARGE_EVERY_MS = 5000;
/** A page that is told to read a large DAG anew has time to do so. */
const RESET_EVERY_MS = 5000;

/** Two texts that differ in nothing else tell of no change: the time they were made, and how long each answer took. */
const comparable = (json: string): string => json.replace(/"(?:at|lastHeartbeatAt)":"[^"]*"|"latencyMs":[\d.]+/g, '');

interface SnapshotNeeds {
  readonly topic: 'overview' | 'workers';
  readonly clients: Clients;
  readonly clock: Pick<Clock, 'monotonic'>;
  readonly read: () => Promise<string>;
}

/** Tells a snapshot to all where it changed, and to who is new in any case. */
const createSnapshot = ({ topic, clients, clock, read }: SnapshotNeeds): (() => Promise<void>) => {
  const fresh = freshly(clock, SHOWN_MS - 100, read);
  let [told, toldAt, bytes] = ['', -Infinity, 0];
  const isDue = (): boolean => clock.monotonic() - toldAt >= (bytes > LARGE_BYTES ? LARGE_EVERY_MS : SHOWN_MS - 100);
  return async () => {
    const waits = (): boolean => [...clients.all].some(({ awaiting }) => awaiting.has(topic));
    if (!waits() && !(isDue() && clients.wants(topic))) return;
    const json = await fresh();
    const frame = clients.frame(topic, json);
    if (isDue() && comparable(json) !== told) {
      [told, toldAt, bytes] = [comparable(json), clock.monotonic(), frame.bytes.byteLength];
      clients.send(frame, ({ topics, awaiting }) => topics.plain.has(topic) && !awaiting.has(topic));
    }
    clients.send(frame, ({ awaiting }) => awaiting.delete(topic));
  };
};

/** Who came back is told what it missed, together with what is new, or that nobody knows. */
const resume = (
  { all, reset }: Clients,
  { since }: Pick<ReturnType<typeof createFollowing>, 'since'>,
  mark: ReturnType<typeof createShowing>['mark'],
): void => {
  for (const client of all) {
    if (client.resuming === undefined) continue;
    const missed = since(client.resuming);
    client.resuming = undefined;
    if (missed === undefined) reset('the last event is too old or unknown', (each) => each === client);
    else for (const { note, before } of missed) mark(note, before);
  }
};

interface Parts {
  readonly needs: StreamNeeds;
  readonly clients: Clients;
  readonly followOnce: () => Promise<void>;
  readonly showing: ReturnType<typeof createShowing>;
}

const partsOf = (needs: StreamNeeds, watch: () => readonly DagId[] | undefined): Parts => {
  const { scheduler, feed, notes, clock, rows, announce } = needs;
  let why: string | undefined;
  const clients = createClients({ clock, announce, most: needs.most ?? MOST_CLIENTS, place: () => showing.before() ?? following.place() });
  const showing = createShowing(rows, { dags: () => clients.wants('dags'), watched: clients.watched });
  const following = createFollowing({
    scheduler,
    feed,
    notes,
    clock,
    watch,
    readSince: clients.since,
    heard: (note, before) => {
      if (note.unsure === 'took' || (note.unsure === 'woke' && note.from !== scheduler)) why = 'a scheduler cannot say what it did not tell';
      showing.mark(note, before);
    },
    lost: () => {
      why = 'what was told meanwhile is gone';
    },
  });
  const followOnce = async (): Promise<void> => {
    await following.once();
    if (why !== undefined) {
      // Whatever was marked is older than what is read anew.
      showing.forget();
      clients.reset(why, () => true);
      why = undefined;
    }
    if (following.place() !== undefined) resume(clients, following, showing.mark);
  };
  return { needs, clients, followOnce, showing };
};

const loopsOf = ({ needs, clients, followOnce, showing }: Parts) => {
  const { clock, onError, overview, workers } = needs;
  const loop = (name: string, ms: number, once: () => Promise<void> | void): Loop =>
    every({
      name,
      ms,
      clock,
      once,
      onError: (error) => {
        onError(name, error);
      },
    });
  const snapshot = (topic: 'overview' | 'workers', read: () => Promise<string>): Loop =>
    loop(topic, SHOWN_MS, createSnapshot({ topic, clients, clock, read }));
  let shownAt = -Infinity;
  const showDags = (json: string): void => {
    shownAt = clock.monotonic();
    clients.send(clients.frame('dags', json), ({ topics }) => topics.plain.has('dags'));
  };
  const showDag = (dag: DagId, json: string): void => {
    clients.send(clients.frame('dag', json), ({ topics }) => topics.watched.has(dag));
  };
  const resetNow = rarely(clock, RESET_EVERY_MS);
  const tooMuch = (dag: DagId): boolean => {
    if (resetNow(dag) === undefined) return false;
    clients.reset('more of the DAG changed than is told', ({ topics }) => topics.watched.has(dag));
    return true;
  };
  const shown = [
    loop('changed DAGs', CHANGES_MS, async () => {
      if (clock.monotonic() - shownAt >= SHOWN_MS - 100) await showing.dagsOnce(showDags);
    }),
    loop('watched DAGs', CHANGES_MS, () => showing.watchedOnce(showDag, tooMuch)),
  ];
  const changes = loop('changes', CHANGES_MS, async () => {
    await followOnce();
    for (const each of shown) each.nudge();
  });
  const atOnce = [
    changes,
    snapshot('overview', overview.present),
    snapshot('workers', async () => `[${(await workers()).map(workerJson).join(',')}]`),
  ];
  return { atOnce, later: [...shown, loop('keep-alive', KEEP_ALIVE_MS, clients.tendOnce)] };
};

/** What is watched, and was until a minute ago: a client may come back, to any scheduler, and be told what it missed. */
const createWatch = (clients: Clients, { clock, notes }: Pick<StreamNeeds, 'clock' | 'notes'>) => {
  const lately = new Map<DagId, number>();
  let left: number | undefined;
  const all = (): readonly DagId[] => {
    for (const [dag, at] of lately) if (clock.monotonic() - at > KEPT_MS) lately.delete(dag);
    return [...new Set([...clients.watch(), ...lately.keys()])];
  };
  return {
    /** Undefined where nobody was there for a minute. */
    now: (): readonly DagId[] | undefined => {
      if (clients.all.size > 0) return all();
      if (left !== undefined && clock.monotonic() - left > KEPT_MS) {
        left = undefined;
        notes.leave();
      }
      return left === undefined ? undefined : all();
    },
    came: (): void => {
      notes.listen(all());
    },
    left: ({ watched }: Topics): void => {
      for (const dag of watched) if (lately.size < WATCHED_REMEMBERED) lately.set(dag, clock.monotonic());
      if (clients.all.size === 0) left = clock.monotonic();
    },
  };
};

/** Makes the stream of one process. */
export const createStream = (needs: StreamNeeds): Stream => {
  const parts = partsOf(needs, () => watch.now());
  const { clients } = parts;
  const watch = createWatch(clients, needs);
  const { atOnce, later } = loopsOf(parts);
  return {
    service: together('stream', [...later, ...atOnce]),
    open: (sink, topics, lastEventId) => {
      const remove = clients.add(sink, topics, lastEventId);
      watch.came();
      for (const loop of atOnce) loop.nudge();
      return () => {
        remove();
        watch.left(topics);
      };
    },
    close: clients.close,
    clients: () => clients.all.size,
  };
};
