/** How dead letters reach the topic task-dlq, and what becomes of records that can't be decoded. */
import { createHash } from 'node:crypto';
import { publishLetters, recordMessage } from '../advance/letters';
import { every } from '../lifecycle/every';
import { whileLeading, type Leading } from '../lifecycle/leading';
import { retrying } from '../lifecycle/retry';
import type { Service } from '../lifecycle/service';
import { together } from '../lifecycle/together';
import type { DagRemoval } from '../ports/history';
import type { DeadLetterOutbox, DeadLetterTopic, UndecodableRecord } from '../ports/letters';
import type { ProcessLife } from './processLife';

type Life = Pick<ProcessLife, 'clock' | 'announce' | 'listen'>;

const RAW_BYTES = 49_152;

/** What is kept of a record that can't be decoded: where it lies, why, and how it begins. */
export const undecodableRecord = (
  topic: string,
  partition: number,
  { offset, error, value, at }: { readonly offset: bigint; readonly error: unknown; readonly value: Buffer | null; readonly at: number },
): UndecodableRecord => ({
  shard: partition,
  place: `${topic}/${String(partition)}`,
  offset: offset.toString(),
  at,
  message: error instanceof Error ? error.message : String(error),
  raw: (value ?? Buffer.alloc(0)).subarray(0, RAW_BYTES).toString('base64'),
  hash: createHash('sha256')
    .update(value ?? '')
    .digest('hex'),
});

const TRIES = 5;

const bounded = ({ clock }: Pick<Life, 'clock'>, call: () => Promise<void>): Promise<void> =>
  retrying({ clock, attempts: TRIES, firstMs: 200, maxMs: 5000 }, call);

const failing =
  ({ announce }: Pick<Life, 'announce'>) =>
  (error: unknown): void => {
    announce('loop.failed', { loop: 'dead letters', error });
  };

/** In a process without a store, a record that can't be decoded is told to the topic alone. */
export const publishRecords = (life: Life, topic: DeadLetterTopic): void => {
  life.listen('record.undecodable', (record) => {
    bounded(life, () => topic.publish([recordMessage(record)])).catch(failing(life));
  });
};

export interface DeadLettersNeeds {
  readonly life: Life;
  readonly outbox: DeadLetterOutbox;
  readonly removal: Pick<DagRemoval, 'clearRemoved'>;
  readonly topic: DeadLetterTopic;
  readonly shards: () => readonly number[];
  readonly origin: () => string;
  /** Deletions are finished by one process alone. */
  readonly lead: Pick<Leading, 'fence'>;
}

const LOOK_EVERY_MS = 1000;
const CLEAR_EVERY_MS = 60_000;
const CLEARED_AT_ONCE = 10;

/** Stores records that can't be decoded, publishes letters, and finishes deletions that a process left halfway. */
export const createDeadLetters = ({ life, outbox, removal, topic, shards, origin, lead }: DeadLettersNeeds): Service => {
  const { clock, listen } = life;
  const onError = failing(life);
  const publishing = every({
    name: 'dead letters',
    ms: LOOK_EVERY_MS,
    clock,
    onError,
    once: () => publishLetters({ outbox, topic, shards, origin }),
  });
  const clearing = every({
    name: 'removals',
    ms: CLEAR_EVERY_MS,
    clock,
    onError,
    once: whileLeading(lead, async () => {
      await removal.clearRemoved(CLEARED_AT_ONCE);
    }),
  });
  listen('record.undecodable', (record) => {
    bounded(life, () => outbox.keepRecord(record)).catch((error: unknown) => {
      onError(error);
      // Better told and not kept than neither.
      bounded(life, () => topic.publish([recordMessage(record)])).catch(onError);
    });
  });
  listen('task.finished', ({ outcome }) => {
    if (outcome === 'FAILED') publishing.nudge();
  });
  return together('dead letters', [publishing, clearing]);
};
