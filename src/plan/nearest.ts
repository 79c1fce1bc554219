/** "Did you mean": the nearest of many names, at a bounded cost. */

const LONGEST_COMPARED = 64;

/** Edit distance of two short texts (insert, delete, replace, swap of neighbours), or `limit + 1` where it is more than `limit`. */
export const editDistance = (a: string, b: string, limit: number): number => {
  if (Math.abs(a.length - b.length) > limit) return limit + 1;
  let before: number[] = [];
  let row = Array.from({ length: b.length + 1 }, (_, j) => j);
  for (let i = 1; i <= a.length; i++) {
    const next = [i];
    let least = i;
    for (let j = 1; j <= b.length; j++) {
      const same = a[i - 1] === b[j - 1];
      let cost = Math.min(row[j - 1]! + (same ? 0 : 1), row[j]! + 1, next[j - 1]! + 1);
      if (i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1]) cost = Math.min(cost, before[j - 2]! + 1);
      next.push(cost);
      least = Math.min(least, cost);
    }
    if (least > limit) return limit + 1;
    before = row;
    row = next;
  }
  return Math.min(row[b.length]!, limit + 1);
};

/**
 * Looks for names near a wrong one. It compares at most `budget` pairs over all its calls, so that a body full of wrong
 * names costs no more than one with a few; after that it answers undefined.
 */
export const createNearest = (names: readonly string[], budget: number): ((wrong: string) => string | undefined) => {
  let left = budget;
  return (wrong) => {
    if (wrong.length > LONGEST_COMPARED) return undefined;
    const limit = wrong.length <= 3 ? 1 : Math.min(3, Math.floor(wrong.length / 3));
    let best: string | undefined;
    let bestDistance = limit + 1;
    for (let i = 0; i < names.length && left > 0 && bestDistance > 1; i++, left--) {
      const name = names[i]!;
      if (Math.abs(name.length - wrong.length) >= bestDistance) continue;
      const distance = name.toLowerCase() === wrong.toLowerCase() ? 0 : editDistance(wrong, name, bestDistance - 1);
      if (distance < bestDistance) [best, bestDistance] = [name, distance];
    }
    return best;
  };
};
