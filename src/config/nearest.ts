/** "Did you mean", for the few names that a person can mistype at a command line or in a settings file. */

/** How many letters must be changed, added or removed to make one text of the other. */
const distance = (a: string, b: string): number => {
  let row = Array.from({ length: b.length + 1 }, (_, j) => j);
  for (let i = 1; i <= a.length; i++) {
    const next = [i];
    for (let j = 1; j <= b.length; j++) {
      const changed = (row[j - 1] ?? 0) + (a[i - 1] === b[j - 1] ? 0 : 1);
      next.push(Math.min(changed, (row[j] ?? 0) + 1, (next[j - 1] ?? 0) + 1));
    }
    row = next;
  }
  return row[b.length] ?? 0;
};

/** The known name that is nearest to a wrong one, or undefined where none is near: at most a third of it may differ. */
export const nearest = (wrong: string, known: readonly string[]): string | undefined => {
  const limit = Math.max(1, Math.floor(wrong.length / 3));
  const near = known.map((name) => ({ name, off: distance(wrong.toLowerCase(), name.toLowerCase()) })).filter(({ off }) => off <= limit);
  return near.sort((a, b) => a.off - b.off)[0]?.name;
};
