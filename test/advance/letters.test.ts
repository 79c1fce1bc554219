import { letterMessage, publishLetters, recordMessage } from '../../src/advance/letters';
import { createMemoryDeadLetters } from '../../src/adapters/memory/deadLetters';
import { failure } from '../../src/core/failure';
import { mintDagId, taskIdOf } from '../../src/core/ids';
import type { UnpublishedLetter } from '../../src/ports/letters';

const DAG = mintDagId(0, 1_700_000_000_000, () => 0.5);
const ERROR = { kind: 'HANDLER', message: 'no', stack: 'Error: no\n  at there' } as const;

const letter = (id: string, over: Partial<UnpublishedLetter> = {}): UnpublishedLetter => ({
  id,
  state: 'OPEN',
  kind: 'HANDLER',
  failedAt: 0,
  task: { ref: { dag: DAG, task: 2 }, dispatch: 3, name: 'load', type: 'API_CALL', dagName: 'nightly' },
  record: null,
  error: ERROR,
  settledAt: null,
  settledBy: null,
  publishedAt: null,
  payload: '{"n": 1e400}',
  worker: 'w1',
  queuedAt: null,
  startedAt: 5,
  runningMs: 7,
  attempts: [{ attempt: 1, dispatch: 1, worker: 'w1', session: 's', startedAt: 1, endedAt: 2, error: ERROR }],
  ...over,
});

test('a message tells the task, its payload as it was submitted, its attempts with stacks, worker and timing', () => {
  const text = letterMessage(letter('7'), 'http://here');
  expect(text).toContain('"payload":{"n": 1e400}');
  expect(JSON.parse(text)).toEqual({
    letterId: '7',
    kind: 'HANDLER',
    failedAt: '1970-01-01T00:00:00.000Z',
    link: 'http://here/api/v1/dead-letters/7',
    dagId: DAG,
    dagName: 'nightly',
    taskId: taskIdOf(DAG, 2),
    taskName: 'load',
    type: 'API_CALL',
    dispatch: 3,
    worker: 'w1',
    timing: { queuedAt: null, startedAt: '1970-01-01T00:00:00.005Z', runningMs: 7 },
    error: ERROR,
    record: null,
    payloadOmitted: false,
    payload: { n: Infinity },
    attempts: [
      {
        attempt: 1,
        dispatch: 1,
        worker: 'w1',
        session: 's',
        startedAt: '1970-01-01T00:00:00.001Z',
        endedAt: '1970-01-01T00:00:00.002Z',
        error: ERROR,
      },
    ],
  });
});

test('a message stays below what a broker takes: a payload above the default limit is a link, the last attempts that fit are told', () => {
  const attempt = { ...letter('1').attempts[0]!, error: { ...ERROR, stack: '…'.repeat(60_000) } };
  const attempts = [1, 2, 3, 4].map((dispatch) => ({ ...attempt, dispatch }));
  const text = letterMessage(letter('1', { payload: `"${'ü'.repeat(131_072)}"`, attempts }), '');
  const parsed = JSON.parse(text) as { payload: unknown; payloadOmitted: boolean; attempts: { dispatch: number }[] };
  expect(parsed).toMatchObject({ payload: null, payloadOmitted: true });
  expect(parsed.attempts.map(({ dispatch }) => dispatch)).toEqual([3, 4]);
  expect(Buffer.byteLength(text)).toBeLessThan(900_000);
  const payload = 'ü'.repeat(131_071);
  const whole = letterMessage(letter('1', { payload: JSON.stringify(payload), attempts }), '');
  expect(JSON.parse(whole)).toMatchObject({ payload, payloadOmitted: false });
  expect(Buffer.byteLength(whole)).toBeLessThan(900_000);
});

test('a record that can not be decoded is told with its place and its bytes', () => {
  const record = { shard: 0, place: 'task-queue/3', offset: '9', at: 0, message: 'no JSON', raw: 'AAE=', hash: 'h' };
  expect(JSON.parse(recordMessage(record))).toMatchObject({ kind: 'UNDECODABLE', record: { place: 'task-queue/3', offset: '9', raw: 'AAE=' } });
});

describe('publishing', () => {
  const outboxOf = (count: number) => {
    const waiting = Array.from({ length: count }, (_, i) => letter(String(i)));
    const asked: (readonly number[])[] = [];
    return {
      waiting,
      asked,
      unpublishedDeadLetters: (shards: readonly number[], limit: number) => {
        asked.push(shards);
        return Promise.resolve(waiting.slice(0, limit));
      },
      markPublished: (ids: readonly string[]) => {
        for (const id of ids)
          waiting.splice(
            waiting.findIndex((one) => one.id === id),
            1,
          );
        return Promise.resolve();
      },
    };
  };
  const origin = (): string => '';

  test('goes on until nothing is left, oldest first, and asks for owned shards alone', async () => {
    const [outbox, topic] = [outboxOf(250), createMemoryDeadLetters()];
    await publishLetters({ outbox, topic, shards: () => [1, 2], origin });
    expect(outbox.waiting).toEqual([]);
    expect(outbox.asked).toEqual([
      [1, 2],
      [1, 2],
      [1, 2],
    ]);
    expect(topic.latest.map((text) => (JSON.parse(text) as { letterId: string }).letterId)).toEqual(
      Array.from({ length: 100 }, (_, i) => String(150 + i)),
    );
    await publishLetters({
      outbox: { ...outbox, unpublishedDeadLetters: () => Promise.reject(new Error('asked')) },
      topic,
      shards: () => [],
      origin,
    });
  });

  test('marks nothing that the broker did not take', async () => {
    const outbox = outboxOf(3);
    const topic = { publish: () => Promise.reject(failure('BROKER_UNAVAILABLE', 'away')) };
    await expect(publishLetters({ outbox, topic, shards: () => [0], origin })).rejects.toMatchObject({ code: 'BROKER_UNAVAILABLE' });
    expect(outbox.waiting).toHaveLength(3);
  });
});
