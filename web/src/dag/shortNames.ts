/** Names as they fit into a box: without what all of them begin with, and with what tells them apart. */

const LONGEST = 19;
const HEAD = 8;
const SEPARATORS = /[._/:|-]/;
/** A shorter beginning is part of the name. */
const SHORTEST_PREFIX = 6;

const sharedBeginning = (names: readonly string[]): number => {
  const [first = '', ...rest] = names;
  let length = rest.length < 2 ? 0 : first.length - 1;
  for (const name of rest) while (!name.startsWith(first.slice(0, length))) length--;
  while (length > 0 && !SEPARATORS.test(first[length - 1]!)) length--;
  return length < SHORTEST_PREFIX ? 0 : length;
};

const middleLeftOut = (name: string): string => (name.length <= LONGEST ? name : `${name.slice(0, HEAD)}…${name.slice(HEAD + 1 - LONGEST)}`);

/** Of a name in parts the last ones, where those are enough to go by. */
const lastParts = (name: string): string => {
  if (name.length <= LONGEST) return name;
  const part = /[./:|]([^./:|]{3,})$/.exec(name)?.[1];
  return part === undefined ? name : `…${part}`;
};

/** One for each name, in their order. */
export const shortNames = (names: readonly string[]): readonly string[] => {
  const shared = sharedBeginning(names);
  return names.map((name) => middleLeftOut(lastParts(name.slice(shared))));
};
