/** Places in a JSON document, as people and JSON schema name them. */

export type Steps = readonly (string | number)[];

const LONGEST_STEP = 80;

const step = (name: string | number): string => {
  if (typeof name === 'number') return `[${name}]`;
  return /^[A-Za-z_$][\w$]{0,79}$/.test(name) ? `.${name}` : `[${JSON.stringify(name.slice(0, LONGEST_STEP))}]`;
};

/** A path as JavaScript writes it. */
export const pathOf = (steps: Steps): string => steps.map(step).join('').replace(/^\./, '');

/** The steps of a JSON pointer (RFC 6901). */
export const stepsOf = (pointer: string): Steps =>
  pointer
    .split('/')
    .slice(1)
    .map((part) => (/^\d+$/.test(part) ? Number(part) : part.replaceAll('~1', '/').replaceAll('~0', '~')));
