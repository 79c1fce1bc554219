/** The bounds of what is shown live, which those that tell and those that keep agree on. */

/** So long a change can be asked for again: by a page that comes back, on whichever scheduler. */
export const KEPT_MS = 60_000;
/** So long after its last word a scheduler counts as one that listens: longer than changes are kept, so that nobody stops telling before. */
export const LISTENED_MS = 90_000;
/** Notes that are read at once. */
export const MOST_NOTES = 2000;

/** A slot of figures. */
export const SLOT_MS = 5000;
/** So many slots are kept: a quarter of an hour. */
export const SLOTS_KEPT = 180;

export const slotOf = (now: number): number => Math.floor(now / SLOT_MS);

/** A place as its text: when, by the clock of whoever keeps the notes; which note of that time; and the word of that memory. */
export interface Place {
  readonly ms: number;
  readonly sequence: number;
  readonly memory: string;
}

export const placeText = ({ ms, sequence, memory }: Place): string => `${ms}-${sequence}.${memory}`;

/** The place that a text spells, whoever sent it; undefined where it is none. */
export const placeOf = (text: string): Place | undefined => {
  const [, ms, sequence, memory] = /^(\d{1,15})-(\d{1,15})\.([\w-]{1,64})$/.exec(text) ?? [];
  return ms === undefined || sequence === undefined || memory === undefined ? undefined : { ms: Number(ms), sequence: Number(sequence), memory };
};

/** Whether `one` lies behind `other`, in the same memory. */
export const isBehind = (one: Place, other: Place): boolean =>
  one.memory === other.memory && (one.ms > other.ms || (one.ms === other.ms && one.sequence > other.sequence));
