/** The kinds of failures and dead letters in words. */
import type { DeadLetter } from '../../../src/sdk/responses';

type Kind = DeadLetter['kind'];

/** All that the API knows: a new one doesn't compile without its words. */
const WORDS: Readonly<Record<Kind, string>> = {
  HANDLER: 'handler failed',
  TIMEOUT: 'took too long',
  LOST_WORKER: 'lost with its worker',
  OUT_OF_MEMORY: 'out of memory',
  KILLED: 'process was killed',
  NEVER_STARTED: 'never started',
  POISON: 'brings workers down',
  MARKED_FAILED: 'marked as failed',
  UNSTORABLE: 'can’t be stored',
  UNDECODABLE: 'can’t be decoded',
};

export const kindText = (kind: Kind): string => WORDS[kind];

/** Each with its words, for a choice. */
export const KINDS = Object.entries(WORDS) as readonly (readonly [Kind, string])[];
