/** A topic of dead letters within one process, where nobody outside reads it: the latest ones are kept to be looked at. */
import type { DeadLetterTopic } from '../../ports/letters';

const KEPT = 100;

/** Makes the topic; `latest` holds the values published last, at most a hundred, oldest first. */
export const createMemoryDeadLetters = (): DeadLetterTopic & { readonly latest: readonly string[] } => {
  const latest: string[] = [];
  return {
    latest,
    publish: (values) => {
      latest.push(...values.slice(-KEPT));
      latest.splice(0, Math.max(0, latest.length - KEPT));
      return Promise.resolve();
    },
  };
};
