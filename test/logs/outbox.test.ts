import type { LogLine } from '../../src/core/logLine';
import { redactionOf } from '../../src/core/redact';
import { failure } from '../../src/core/failure';
import { createOutbox, type OutboxBounds, type Speaker } from '../../src/logs/outbox';
import type { LogChunk } from '../../src/ports/taskLogs';
import { DAG } from '../core/model';
import { createVirtualClock, turns } from '../lifecycle/virtualClock';

const speaker = (task: number, other: Partial<Speaker['dispatch']> = {}): Speaker => ({
  dispatch: { dag: DAG, task, attempt: 1, ...other },
  fence: String(100 + task),
});
const speakerOfAll = speaker(7);
const lineOf = (text: string, other: Partial<LogLine> = {}): LogLine => ({
  at: 5,
  level: 'info',
  stream: 'log',
  text,
  fields: null,
  skipped: 0,
  ...other,
});

const start = (bounds: Partial<OutboxBounds> = {}) => {
  const clock = createVirtualClock();
  const sent: LogChunk[] = [];
  const batches: number[] = [];
  const dropped = { handler: 0, buffer: 0, sending: 0 };
  let append = (): Promise<void> => Promise.resolve();
  const outbox = createOutbox({
    append: async (chunks) => {
      await append();
      sent.push(...chunks);
      batches.push(Buffer.byteLength(JSON.stringify(chunks)));
    },
    worker: 'w1',
    bounds: { lineBytes: 100, bufferBytes: 40_000, bytesPerSecond: 1_000_000, ...bounds },
    redaction: redactionOf(['password']),
    clock,
    announce: (name, what) => {
      if (name !== 'lines.dropped') return;
      for (const where of ['handler', 'buffer', 'sending'] as const) dropped[where] += (what as typeof dropped)[where];
    },
  });
  const texts = () =>
    sent.map(
      ({ task, first, lines, ended }) => `${task}:${first} ${(JSON.parse(lines) as string[][]).map((line) => line[3]).join()}${ended ? '.' : ''}`,
    );
  return { outbox, clock, sent, batches, dropped, texts, appendWith: (next: typeof append) => void (append = next) };
};

test('lines leave within a second, those of an attempt that has ended at once, and nothing is sent for one that says nothing', async () => {
  const { outbox, clock, texts, sent } = start();
  const [one, other] = [speaker(0), speaker(1)];
  outbox.fellSilent(speaker(2));
  outbox.say(one, lineOf('a'));
  outbox.say(other, lineOf('x'));
  outbox.say(one, lineOf('b'));
  await clock.advance(999);
  expect(texts()).toEqual([]);
  await clock.advance(1);
  expect(texts()).toEqual(['0:0 a,b', '1:0 x']);
  outbox.say(one, lineOf('c'));
  outbox.fellSilent(one);
  await clock.advance(100);
  expect(texts().slice(2)).toEqual(['0:2 c.']);
  outbox.fellSilent(other);
  await clock.advance(100);
  expect(texts().slice(3)).toEqual(['1:1 .']);
  expect(sent[0]).toMatchObject({ dag: DAG, fence: '100', attempt: 1, worker: 'w1', count: 2, position: 0 });
  expect(sent[2]!.position).toBe(sent[0]!.bytes);
});

test('after a line that there was no room for, others leave all the same', async () => {
  const { outbox, clock, dropped, texts } = start({ lineBytes: 40_000, bufferBytes: 40_000 });
  outbox.say(speakerOfAll, lineOf('x'.repeat(30_000)));
  await clock.advance(1000);
  expect([dropped.buffer, texts()]).toEqual([1, []]);
  outbox.say(speakerOfAll, lineOf('a'));
  await clock.advance(1000);
  expect(texts()).toEqual(['7:1 a']);
});

test('a copy of a task speaks for the task; long lines are cut, secrets left out', async () => {
  const { outbox, clock, sent } = start();
  outbox.say(speaker(8_388_611, { copyOf: 3 }), lineOf(`é${'x'.repeat(200)}`));
  outbox.say(speaker(1), lineOf('password=hunter2', { fields: '{"password":"hunter2","n":1}' }));
  outbox.say(speaker(2), lineOf('fields', { fields: JSON.stringify({ n: 'y'.repeat(200) }) }));
  await clock.advance(1000);
  expect(sent.map(({ task }) => task)).toEqual([3, 1, 2]);
  const [cut, secret, fields] = sent.map(({ lines }) => (JSON.parse(lines) as unknown[][])[0]!);
  expect(cut![3]).toBe(`é${'x'.repeat(98)} … (cut)`);
  expect(secret!.slice(3)).toEqual(['password=***', { password: '***', n: 1 }]);
  expect(fields![4]).toEqual({ cut: 'the fields had 208 characters of JSON' });
});

test('what is too much is dropped and its numbers are missing, for one attempt and for all', async () => {
  const { outbox, clock, sent, dropped, appendWith } = start({ bufferBytes: 32_000 });
  let goOn: (() => void) | undefined;
  appendWith(() => new Promise((resolve) => (goOn = resolve)));
  const loud = speaker(0);
  for (let i = 0; i < 100; i++) outbox.say(loud, lineOf('x'.repeat(80)));
  for (let task = 1; task < 10; task++) for (let i = 0; i < 100; i++) outbox.say(speaker(task), lineOf('x'.repeat(80)));
  await clock.advance(1000);
  appendWith(() => Promise.resolve());
  goOn!();
  await turns();
  // The first lines and the newest ones.
  const kept = sent.filter(({ task }) => task === 0).map(({ first, count }) => [first, count]);
  expect(kept[0]![0]).toBe(0);
  expect(kept.at(-1)!.reduce((sum, one) => sum + one)).toBe(100);
  const lines = sent.reduce((sum, { count }) => sum + count, 0);
  expect(lines * 208).toBeLessThan(32_000);
  outbox.say(loud, lineOf('after', { skipped: 3 }));
  await clock.advance(1000);
  expect(sent.at(-1)).toMatchObject({ task: 0, first: 103, count: 1 });
  expect(dropped).toEqual({ handler: 3, buffer: 1000 - lines, sending: 0 });
});

test('no sending is larger than a broker takes, and all of it leaves', async () => {
  const { outbox, clock, sent, batches } = start({ bufferBytes: 16_000_000, bytesPerSecond: 10_000_000 });
  for (let i = 0; i < 10_000; i++) outbox.say(speakerOfAll, lineOf('x'.repeat(80)));
  await clock.advance(5000);
  expect(sent.reduce((sum, { count }) => sum + count, 0)).toBe(10_000);
  expect(Math.max(...batches)).toBeLessThan(500_000);
  expect(batches.length).toBeGreaterThan(2);
});

test('more than the rate allows waits, and while Kafka is away everything does', async () => {
  const { outbox, clock, texts, appendWith } = start({ bytesPerSecond: 100 });
  const one = speaker(0);
  outbox.say(one, lineOf('x'.repeat(80)));
  await clock.advance(1000);
  outbox.say(one, lineOf('second'));
  expect(texts()).toHaveLength(1);
  outbox.fellSilent(one);
  appendWith(() => Promise.reject(failure('BROKER_UNAVAILABLE', 'away')));
  await clock.advance(900);
  expect(texts()).toHaveLength(1);
  await clock.advance(3000);
  appendWith(() => Promise.resolve());
  await clock.advance(1000);
  expect(texts()).toHaveLength(2);
});

test('a stop sends what is left, and ends while Kafka is away', async () => {
  const { outbox, clock, texts, appendWith } = start({ bytesPerSecond: 1 });
  const one = speaker(0);
  outbox.say(one, lineOf('a'));
  await clock.advance(1000);
  outbox.say(one, lineOf('last words'));
  await outbox.stop();
  expect(texts()).toEqual(['0:0 a', '0:1 last words']);
  outbox.say(speaker(1), lineOf('too late'));
  appendWith(() => Promise.reject(failure('BROKER_UNAVAILABLE', 'away')));
  await outbox.stop();
});
