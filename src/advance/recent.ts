/** A set that forgets its oldest half when it is full. */
export interface Recent {
  has(key: string): boolean;
  add(key: string): void;
}

/** Remembers at least the last `size` keys, at most twice as many. */
export const createRecent = (size: number): Recent => {
  let young = new Set<string>();
  let old = new Set<string>();
  return {
    has: (key) => young.has(key) || old.has(key),
    add: (key) => {
      young.add(key);
      if (young.size < size) return;
      old = young;
      young = new Set();
    },
  };
};
