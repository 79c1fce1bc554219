/** What was typed into the form of a limit, as the API takes it. */
import type { Limit } from '../../../../src/sdk/responses';

export interface Typed {
  readonly scope: Limit['scope'];
  readonly name: string;
  /** How many at once, or how many a second for a rate. */
  readonly amount: string;
  readonly burst: string;
}

const NAME = /^[A-Za-z0-9_.-]{1,64}$/;

/** Whether it can name a pool or a rate. */
export const isPoolName = (name: string): boolean => NAME.test(name);

const whole = (text: string): number | undefined => (/^\d{1,9}$/.test(text.trim()) ? Number(text) : undefined);

/** The body of PUT /api/v1/limits/{scope}/{name}, or what is to be mended. */
export const boundsOf = ({ scope, name, amount, burst }: Typed): { readonly body: object } | { readonly problem: string } => {
  if (scope === 'type' ? name.trim() === '' : !isPoolName(name.trim()))
    return { problem: scope === 'type' ? 'Name the task type.' : 'A name has 1 to 64 letters, digits, dots, dashes or underscores.' };
  if (scope !== 'rate') {
    const maxRunning = whole(amount);
    return maxRunning === undefined || maxRunning < 1 ? { problem: 'How many may run at once? A whole number from 1 on.' } : { body: { maxRunning } };
  }
  const perSecond = Number(amount);
  if (amount.trim() === '' || !(perSecond > 0)) return { problem: 'How many may begin in a second? A number above 0.' };
  if (burst.trim() === '') return { body: { perSecond } };
  const most = whole(burst);
  return most === undefined || most < 1 ? { problem: 'A burst is a whole number from 1 on.' } : { body: { perSecond, burst: most } };
};
