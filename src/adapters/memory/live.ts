/** What changed and figures, within one process. */
import { KEPT_MS, LISTENED_MS, MOST_NOTES, SLOT_MS, SLOTS_KEPT, isBehind, placeOf, placeText } from '../../core/live';
import type { DagId } from '../../core/ids';
import type { Clock } from '../../ports/clock';
import type { ChangeFeed, ChangeNote, Exchanged, FigureBoard, SlotFigures } from '../../ports/live';

export interface MemoryFeed extends ChangeFeed {
  forget(): void;
}

export const createMemoryFeed = (clock: Pick<Clock, 'now' | 'monotonic'>): MemoryFeed => {
  const listeners = new Map<string, { readonly watch: readonly DagId[]; readonly until: number }>();
  let kept: { readonly ms: number; readonly sequence: number; readonly note: ChangeNote }[] = [];
  let [memory, last] = [1, 0];
  const word = (): string => `memory-${memory}`;
  const put = (note: ChangeNote): void => {
    const ms = Math.max(clock.now(), last);
    const sequence = kept.at(-1)?.ms === ms ? kept.at(-1)!.sequence + 1 : 0;
    last = ms;
    kept.push({ ms, sequence, note });
  };
  const readFrom = (after: string | null | undefined): Pick<Exchanged, 'notes' | 'since' | 'place'> => {
    const now = Math.max(clock.now(), last);
    const oldest = { ms: now - KEPT_MS, sequence: 0, memory: word() };
    const asked = typeof after === 'string' ? placeOf(after) : undefined;
    const since = asked !== undefined && (isBehind(asked, oldest) || placeText(asked) === placeText(oldest)) ? asked : oldest;
    const places = kept.map(({ note, ...at }) => ({ at: { ...at, memory: word() }, note }));
    const notes = after === undefined ? [] : places.filter(({ at }) => isBehind(at, since)).slice(-MOST_NOTES);
    const newest = places.at(-1)?.at;
    const quiet = { ms: now - 1, sequence: 0, memory: word() };
    const place = newest !== undefined && isBehind(newest, quiet) ? newest : quiet;
    return { notes: notes.map(({ at, note }) => ({ place: placeText(at), note })), since: placeText(since), place: placeText(place) };
  };
  return {
    exchange: ({ scheduler, watch, note, after }) => {
      const now = clock.monotonic();
      if (watch !== undefined) listeners.set(scheduler, { watch, until: now + LISTENED_MS });
      for (const [name, { until }] of listeners) if (until <= now) listeners.delete(name);
      if (note !== undefined) put(note);
      kept = kept.filter(({ ms }) => ms > clock.now() - KEPT_MS);
      return Promise.resolve({ listeners: new Map([...listeners].map(([name, each]) => [name, each.watch])), ...readFrom(after) });
    },
    forget: () => {
      listeners.clear();
      kept = [];
      memory += 1;
    },
  };
};

export interface MemoryFigures extends FigureBoard {
  forget(): void;
}

export const createMemoryFigures = (clock: Pick<Clock, 'now'>): MemoryFigures => {
  const slots = new Map<number, Map<string, SlotFigures>>();
  return {
    publish: (scheduler, told) => {
      const oldest = Math.floor(clock.now() / SLOT_MS) - SLOTS_KEPT;
      for (const slot of slots.keys()) if (slot < oldest) slots.delete(slot);
      for (const [slot, figures] of told) {
        const there = slots.get(slot) ?? new Map<string, SlotFigures>();
        slots.set(slot, there.set(scheduler, figures));
      }
      return Promise.resolve();
    },
    figures: (from, to) =>
      Promise.resolve(
        [...slots]
          .filter(([slot]) => slot >= from && slot <= to)
          .flatMap(([slot, there]) => [...there].map(([scheduler, figures]) => ({ slot, scheduler, figures }))),
      ),
    forget: () => {
      slots.clear();
    },
  };
};
