/** The places of one worker's isolated handlers: as many as it has slots, kept for the next call when one has ended. */
import type { BatchLimits } from '../../core/handler';
import type { Isolated } from '../work';
import { createPlace, type OpenRoom, type Place } from './place';

export interface Pool {
  /** A handler whose calls run in places opened by `open`, each in one of its own; `batch` is what its module says of many tasks in one call. */
  isolated(open: OpenRoom, batch?: BatchLimits | null): Isolated;
  /** Opens a first place, and answers what its module says of many tasks in one call; rejects with the reason where that can't be loaded. */
  warm(open: OpenRoom): Promise<BatchLimits | null>;
  /** Ends every place, with what runs in it. */
  close(): Promise<void>;
}

/** `places`: how many there may be at once. Calls at one time are never more than that: the worker's slots see to it. */
export const createPool = ({ places }: { readonly places: number }): Pool => {
  const all = new Set<Place>();
  /** In order of their last use. */
  let idle: { readonly open: OpenRoom; readonly place: Place }[] = [];

  const opened = (open: OpenRoom): Place => {
    if (all.size >= places) idle.shift()?.place.end();
    const place = createPlace(open);
    all.add(place);
    void place.over.then(() => {
      all.delete(place);
      idle = idle.filter((one) => one.place !== place);
    });
    return place;
  };
  const placeFor = (open: OpenRoom): Place => {
    const at = idle.findLastIndex((one) => one.open === open && one.place.isUsable());
    return at < 0 ? opened(open) : idle.splice(at, 1)[0]!.place;
  };
  const putBack = (open: OpenRoom, place: Place): void => {
    if (place.isUsable()) idle.push({ open, place });
  };

  return {
    isolated: (open, batch = null) => ({
      batch,
      begin: (members) => {
        const place = placeFor(open);
        const begun = place.run(members);
        const outcomes = begun.outcomes.finally(() => {
          putBack(open, place);
        });
        return { ...begun, outcomes };
      },
    }),
    warm: async (open) => {
      const place = opened(open);
      const batch = await place.loaded;
      putBack(open, place);
      return batch;
    },
    close: async () => {
      const open = [...all];
      for (const place of open) place.end();
      await Promise.all(open.map(({ over }) => over));
    },
  };
};
