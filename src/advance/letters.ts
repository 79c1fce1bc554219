/**
 * Tells the topic task-dlq of dead letters: they are stored in the transaction of the failure, and published afterwards by the
 * owner of their shard, at least once. A consumer tells repetitions by `letterId`.
 */
import { taskIdOf } from '../core/ids';
import type { AttemptView } from '../ports/history';
import type { DeadLetterOutbox, DeadLetterTopic, UndecodableRecord, UnpublishedLetter } from '../ports/letters';

// Together below a megabyte of UTF-8, which is what a broker takes as one record; any payload that the default settings let pass.
const PAYLOAD_BYTES = 262_144;
const ATTEMPTS_CHARACTERS = 131_072;
const AT_ONCE = 100;

const iso = (ms: number | null): string | null => (ms === null ? null : new Date(ms).toISOString());

const attemptText = ({ startedAt, endedAt, ...attempt }: AttemptView): string =>
  JSON.stringify({ ...attempt, startedAt: iso(startedAt), endedAt: iso(endedAt) });

/** The last attempts that fit, oldest first. */
const attemptsJson = (attempts: readonly AttemptView[]): string => {
  const told: string[] = [];
  let size = 0;
  for (const text of attempts.map(attemptText).reverse()) {
    size += text.length;
    if (size > ATTEMPTS_CHARACTERS) break;
    told.unshift(text);
  }
  return `[${told.join(',')}]`;
};

const linkOf = (origin: string, id: string): string => `${origin}/api/v1/dead-letters/${id}`;

/** The message of a letter as JSON text; `origin` is where the API answers, for what is too large to travel. */
export const letterMessage = (letter: UnpublishedLetter, origin: string): string => {
  const { task, payload } = letter;
  const isTooLarge = payload !== null && Buffer.byteLength(payload) > PAYLOAD_BYTES;
  const facts = JSON.stringify({
    letterId: letter.id,
    kind: letter.kind,
    failedAt: iso(letter.failedAt),
    link: linkOf(origin, letter.id),
    dagId: task?.ref.dag ?? null,
    dagName: task?.dagName ?? null,
    taskId: task === null ? null : taskIdOf(task.ref.dag, task.ref.task),
    taskName: task?.name ?? null,
    type: task?.type ?? null,
    dispatch: task?.dispatch ?? null,
    worker: letter.worker,
    timing: { queuedAt: iso(letter.queuedAt), startedAt: iso(letter.startedAt), runningMs: letter.runningMs },
    error: letter.error,
    record: letter.record,
    payloadOmitted: isTooLarge,
  });
  const shown = payload === null || isTooLarge ? 'null' : payload;
  return `${facts.slice(0, -1)},"payload":${shown},"attempts":${attemptsJson(letter.attempts)}}`;
};

/** The message of a record that can't be decoded, of a process without a store. */
export const recordMessage = ({ place, offset, at, message, raw }: UndecodableRecord): string =>
  JSON.stringify({
    letterId: null,
    kind: 'UNDECODABLE',
    failedAt: iso(at),
    error: { kind: 'UNDECODABLE', message },
    record: { place, offset, raw },
  });

export interface LettersNeeds {
  readonly outbox: Pick<DeadLetterOutbox, 'unpublishedDeadLetters' | 'markPublished'>;
  readonly topic: DeadLetterTopic;
  /** The shards that this process owns now. */
  readonly shards: () => readonly number[];
  /** Base URL of the API. */
  readonly origin: () => string;
}

/** Publishes what the topic hasn't got yet, oldest first, until there is no more; rejects where the store or the broker does. */
export const publishLetters = async ({ outbox, topic, shards, origin }: LettersNeeds): Promise<void> => {
  for (let count = AT_ONCE; count === AT_ONCE;) {
    const owned = shards();
    if (owned.length === 0) return;
    const letters = await outbox.unpublishedDeadLetters(owned, AT_ONCE);
    count = letters.length;
    if (count === 0) return;
    await topic.publish(letters.map((letter) => letterMessage(letter, origin())));
    await outbox.markPublished(letters.map(({ id }) => id));
  }
};
