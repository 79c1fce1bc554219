import { outcomeOfThrown } from '../../src/execute/outcome';
import { nonRetryable, retryLater } from '../../src/sdk';

const { signal } = new AbortController();

test('a handler that throws nonRetryable is not tried again, and its code is kept', () => {
  const cause = new Error('below');
  const error = nonRetryable('the order is closed', { code: 'CLOSED', cause });
  expect(error.cause).toBe(cause);
  expect(outcomeOfThrown(error, signal)).toMatchObject({
    kind: 'failed',
    retryable: false,
    error: { kind: 'HANDLER', name: 'NonRetryableError', message: 'the order is closed', code: 'CLOSED' },
  });
});

test('a handler that throws retryLater is tried again no earlier than it says', () => {
  const outcome = outcomeOfThrown(retryLater('busy', 90_000), signal);
  expect(outcome).toMatchObject({ kind: 'failed', retryable: true, error: { name: 'RetryLaterError', retryAfterMs: 90_000 } });
  expect(outcome).not.toHaveProperty('error.code');
});
