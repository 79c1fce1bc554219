/** What a worker holds of logs while Kafka is away, whatever its handlers print. */
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { failure } from '../../src/core/failure';
import type { LogLine } from '../../src/core/logLine';
import { redactionOf } from '../../src/core/redact';
import { createOutbox, type Outbox, type Speaker } from '../../src/logs/outbox';
import type { LogChunk } from '../../src/ports/taskLogs';
import { DAG } from '../core/model';
import { createVirtualClock } from '../lifecycle/virtualClock';

setFlagsFromString('--expose-gc');
const collect = runInNewContext('gc') as () => void;
const heldBytes = (): number => {
  collect();
  collect();
  const { heapUsed, external } = process.memoryUsage();
  return heapUsed + external;
};

const BUFFER_BYTES = 4_000_000;
/** What a broker takes of a partition at once. */
const BATCH_BYTES = 1_000_000;

const start = (lineBytes = 16_384) => {
  const clock = createVirtualClock();
  const kafka = { isAway: true };
  const told = { sent: 0, largest: 0, dropped: 0, announced: 0 };
  const outbox = createOutbox({
    append: (chunks: readonly LogChunk[]) => {
      if (kafka.isAway) return Promise.reject(failure('BROKER_UNAVAILABLE', 'away'));
      told.sent += chunks.reduce((sum, { count }) => sum + count, 0);
      told.largest = Math.max(told.largest, Buffer.byteLength(JSON.stringify(chunks)));
      return Promise.resolve();
    },
    worker: 'w1',
    bounds: { lineBytes, bufferBytes: BUFFER_BYTES, bytesPerSecond: 100_000_000 },
    redaction: redactionOf([]),
    clock,
    announce: (name, what) => {
      if (name !== 'lines.dropped') return;
      const { handler, buffer, sending } = what as { handler: number; buffer: number; sending: number };
      told.dropped += handler + buffer + sending;
      told.announced += 1;
    },
  });
  return { outbox, clock, kafka, told };
};

const speaker = (task: number, other: object = {}): Speaker => ({ dispatch: { dag: DAG, task, attempt: 1, ...other }, fence: String(task) });
const lineOf = (text: string, fields: string | null = null): LogLine => ({ at: 5.5, level: 'info', stream: 'log', text, fields, skipped: 0 });

/** Each says so many lines. */
type Saying = (outbox: Outbox) => number;
const byTen =
  (count: number, line: (i: number) => LogLine): Saying =>
  (outbox) => {
    const ten = Array.from({ length: 10 }, (_, task) => speaker(task));
    for (let i = 0; i < count; i++) outbox.say(ten[i % 10]!, line(i));
    return count;
  };
const ended: Saying = (outbox) => {
  for (let i = 0; i < 50_000; i++) {
    const one = speaker(i, { payload: `{"large":"${String(i).repeat(500)}"}` });
    outbox.say(one, lineOf(''));
    outbox.fellSilent(one);
  }
  return 50_000;
};

const sayings: readonly (readonly [string, Saying])[] = [
  ['empty lines', byTen(300_000, () => lineOf(''))],
  ['lines of text', byTen(100_000, (i) => lineOf(`line ${String(i)} ${'x'.repeat(100)}`))],
  ['text of another script', byTen(40_000, (i) => lineOf(`${String(i)} ${'試'.repeat(300)}`))],
  ['one letter that makes a text twice as large', byTen(20_000, (i) => lineOf(`${String(i)} 試 ${'x'.repeat(3_000)}`))],
  ['ends of texts that are much larger', byTen(30_000, (i) => lineOf(`${String(i)}${'x'.repeat(10_000)}`.slice(-100)))],
  ['fields', byTen(2_000, (i) => lineOf('fields', JSON.stringify({ i, large: 'x'.repeat(10_000) })))],
  ['a line each by attempts that have ended', ended],
];

test.each(sayings)('while Kafka is away no more than the buffer is held of %s, and what is dropped is told of', async (_, say) => {
  const { outbox, clock, kafka, told } = start();
  const before = heldBytes();
  const said = say(outbox);
  expect(heldBytes() - before).toBeLessThan(1.25 * BUFFER_BYTES);
  await clock.advance(1000);
  expect(told.dropped).toBeGreaterThan(0);
  expect(told.announced).toBe(1);
  kafka.isAway = false;
  await clock.advance(60_000);
  expect(told.sent).toBeGreaterThan(100);
  expect(told.sent + told.dropped).toBe(said);
});

test.each([
  ['control characters', '\u0000'],
  ['quotes', '"'],
  ['backslashes', '\\'],
  ['another script', '試'],
  ['half characters', '\ud800'],
])('what leaves at once is never more than a broker takes: %s', async (_, unit) => {
  const { outbox, clock, kafka, told } = start(65_536);
  kafka.isAway = false;
  for (const length of [1, 20_000, 65_536])
    byTen(20, () => lineOf(unit.repeat(length), JSON.stringify({ [unit.repeat(100)]: unit.repeat(length / 10) })))(outbox);
  await clock.advance(60_000);
  expect(told.sent + told.dropped).toBe(60);
  expect(told.largest).toBeGreaterThan(50_000);
  expect(told.largest).toBeLessThan(BATCH_BYTES);
});

test('lines that could not be sent for a minute are told of as well', async () => {
  const { outbox, clock, told } = start();
  outbox.say(speaker(0), lineOf('a'));
  await clock.advance(70_000);
  expect(told).toMatchObject({ sent: 0, dropped: 1 });
});
