/** What a gate keeps back, in words. */
import type { Gate } from '../../../../src/sdk/responses';

export const wordsOfGate = (scope: Gate['scope'], name: string | null): string =>
  scope === 'all' ? 'everything' : scope === 'type' ? `tasks of type ${name ?? ''}` : `pool ${name ?? ''}`;
