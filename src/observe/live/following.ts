/** Follows what all schedulers tell of what they committed, and tells the own; remembers a minute of it for clients that come back. */
import { KEPT_MS, isBehind, placeOf, placeText, type Place } from '../../core/live';
import type { DagId } from '../../core/ids';
import type { Clock } from '../../ports/clock';
import type { ChangeFeed, ChangeNote } from '../../ports/live';
import type { Notes } from './notes';

export interface FollowingNeeds {
  readonly scheduler: string;
  readonly feed: ChangeFeed;
  readonly notes: Pick<Notes, 'elsewhere' | 'take' | 'putBack'>;
  readonly clock: Pick<Clock, 'monotonic'>;
  /** What clients here watch, or did until a minute ago; undefined where there were none. */
  readonly watch: () => readonly DagId[] | undefined;
  /** Since when there have been clients; undefined for none. */
  readonly readSince: () => number | undefined;
  /** Told behind the place `before`. */
  readonly heard: (note: ChangeNote, before: Place) => void;
  /** What was told meanwhile is gone. */
  readonly lost: () => void;
}

export interface Following {
  /** One round trip. */
  once(): Promise<void>;
  /** Up to where was read; undefined before the first round trip, and while there are no clients. */
  place(): Place | undefined;
  /** What was told since a client's last place; undefined where nobody can say. */
  since(place: string): readonly { readonly note: ChangeNote; readonly before: Place }[] | undefined;
}

interface Kept {
  readonly note: ChangeNote;
  readonly at: Place;
}

/** A client may have read what it shows a moment before its stream was open. */
const EARLIER_MS = 2000;

/** Where nobody asks, a second passes between two round trips. */
const IDLE_TURNS = 2;

export const createFollowing = (needs: FollowingNeeds): Following => {
  const { scheduler, feed, notes, clock } = needs;
  let reading: { place: Place; since: Place; kept: readonly Kept[] } | undefined;
  let turns = 0;

  const keep = (place: Place, since: Place, kept: readonly Kept[]): void => {
    const oldest: Place = { ...place, ms: place.ms - KEPT_MS };
    reading = { place, since: isBehind(oldest, since) ? oldest : since, kept: kept.filter(({ at }) => isBehind(at, oldest)) };
  };
  const begin = (place: Place, since: Place, told: readonly Kept[], readSince: number): void => {
    keep(place, since, told);
    const before: Place = { ...place, ms: place.ms - EARLIER_MS - (clock.monotonic() - readSince), sequence: 0 };
    for (const { note, at } of told) if (isBehind(at, before)) needs.heard(note, before);
  };
  const goOn = (place: Place, since: Place, told: readonly Kept[]): void => {
    const known = reading!;
    if (placeText(since) === placeText(known.place)) {
      keep(place, known.since, [...known.kept, ...told]);
      for (const { note } of told) needs.heard(note, known.place);
    } else {
      keep(place, since, told);
      needs.lost();
    }
  };
  return {
    once: async () => {
      const watch = needs.watch();
      turns += 1;
      if (watch === undefined && turns % IDLE_TURNS !== 0) return;
      const readSince = needs.readSince();
      if (readSince === undefined) reading = undefined;
      const note = notes.take();
      const after = readSince === undefined ? undefined : reading === undefined ? null : placeText(reading.place);
      const answer = await feed.exchange({ scheduler, watch, note, after }).catch((error: unknown) => {
        if (note !== undefined) notes.putBack(note);
        throw error;
      });
      notes.elsewhere(answer.listeners);
      const [place, since] = [placeOf(answer.place), placeOf(answer.since)];
      if (readSince === undefined || place === undefined || since === undefined) return;
      const told = answer.notes.map((each) => ({ note: each.note, at: placeOf(each.place)! }));
      if (reading === undefined) begin(place, since, told, readSince);
      else goOn(place, since, told);
    },
    place: () => reading?.place,
    since: (text) => {
      const from = placeOf(text);
      if (from === undefined || reading === undefined || from.memory !== reading.place.memory || isBehind(reading.since, from)) return undefined;
      const told = reading.kept.filter(({ at }) => isBehind(at, from));
      return told.some(({ note }) => note.unsure !== null) ? undefined : told.map(({ note }) => ({ note, before: from }));
    },
  };
};
