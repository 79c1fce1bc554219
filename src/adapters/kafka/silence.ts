import type { Consumer } from 'kafkajs';

export interface SilenceNeeds {
  readonly consumer: Consumer;
  /** How long the broker may keep a question for which it has nothing. */
  readonly maxWaitMs: number;
  /** The topic may be another one by now. */
  readonly onDoubt: () => void;
  readonly onHeard: () => void;
}

/** After a silence that is so much longer than the broker may keep, the topic may have been made again, and have grown beyond the position: nothing else tells. */
const DOUBT_AFTER_MS = 900;

/**
 * kafkajs tries again without a word where the topic wasn't there for a moment: only the missing end of a fetch tells. A process
 * that was suspended while the topic was made again asked for nothing meanwhile, or its question left late: only the time that has
 * passed tells. What was fetched under doubt is at another position than the one that is looked at first, and isn't delivered.
 */
export const noticeSilence = ({ consumer, maxWaitMs, onDoubt, onHeard }: SilenceNeeds): void => {
  const unanswered = new Set<number>();
  const askedAt = new Map<number, number>();
  const wasSilent = (nodeId: number): boolean => performance.now() - (askedAt.get(nodeId) ?? Infinity) > maxWaitMs + DOUBT_AFTER_MS;
  consumer.on(consumer.events.FETCH_START, ({ payload: { nodeId } }) => {
    if (unanswered.has(nodeId) || wasSilent(nodeId)) onDoubt();
    unanswered.add(nodeId);
    askedAt.set(nodeId, performance.now());
  });
  consumer.on(consumer.events.FETCH, ({ payload: { nodeId } }) => {
    if (wasSilent(nodeId)) onDoubt();
    unanswered.delete(nodeId);
    onHeard();
  });
};
