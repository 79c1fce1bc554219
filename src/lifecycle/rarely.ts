/** Something that happens again and again is told once in a while. */
import type { Timing } from './timing';

/** Texts remembered at once; beyond that all are forgotten, and told again. */
const MOST_TEXTS = 200;

/**
 * Gives a function that says whether to tell `text` now: the first time, and again when `ms` have passed since it was told. The
 * answer is how often it was kept back meanwhile, or undefined where it is not to be told.
 */
export const rarely = (clock: Pick<Timing, 'monotonic'>, ms: number): ((text: string) => number | undefined) => {
  const told = new Map<string, { at: number; keptBack: number }>();
  return (text) => {
    const now = clock.monotonic();
    const last = told.get(text);
    if (last !== undefined && now - last.at < ms) {
      last.keptBack += 1;
      return undefined;
    }
    if (told.size >= MOST_TEXTS) told.clear();
    told.set(text, { at: now, keptBack: 0 });
    return last?.keptBack ?? 0;
  };
};
