import { createOtlpTracing } from '../../../src/adapters/telemetry/otlp';
import { systemClock } from '../../../src/adapters/system/clock';
import { createEmitter } from '../../../src/lifecycle/emitter';
import type { Happenings } from '../../../src/ports/happenings';
import type { Span } from '../../../src/ports/tracing';
import { type Collector, startCollector } from '../../harness/collector';
import { freePort } from '../../harness/ports';
import { until } from '../../harness/until';

const TRACE = '4bf92f3577b34da6a3ce929d0e0e4736';
const contextOf = (n: number, flags = '01'): string => `00-${TRACE}-${n.toString(16).padStart(16, '0')}-${flags}`;
const spanOf = (n: number, over: Partial<Span> = {}): Span => ({
  context: contextOf(n),
  parent: null,
  name: `span ${String(n)}`,
  kind: 'internal',
  startMs: 1_764_000_000_000.25,
  endMs: 1_764_000_000_100.5,
  attributes: {},
  ...over,
});

const startTracing = async (endpoint: string, over: { timeoutMs?: number; queueSpans?: number; sampleRatio?: number } = {}) => {
  const { announce, listen } = createEmitter<Happenings>((_, error) => {
    throw error;
  });
  const heard = { exported: 0, failed: 0, dropped: 0, away: [] as string[], back: 0 };
  listen('spans.over', ({ outcome, count }) => {
    heard[outcome] += count;
  });
  listen('tracing.away', ({ error }) => heard.away.push(error));
  listen('tracing.back', () => {
    heard.back += 1;
  });
  const tracing = createOtlpTracing({
    endpoint,
    headers: { 'x-key': 'of the account' },
    timeoutMs: 1000,
    queueSpans: 1000,
    sampleRatio: 1,
    resource: { 'service.name': 'test' },
    version: '1.2.3',
    carrier: { system: 'kafka', queue: 'q', events: 'e' },
    clock: systemClock,
    announce,
    ...over,
  });
  await tracing.service.start();
  return { tracing, heard };
};

let collector: Collector;
beforeEach(async () => {
  collector = await startCollector();
});

test('a span arrives as it was', async () => {
  const { tracing, heard } = await startTracing(`${collector.url}/`);
  tracing.record(spanOf(1, { parent: 'b7ad6b7169203331', kind: 'producer', attributes: { text: 'a', number: 7, part: 0.5 }, error: 'it broke' }));
  tracing.record(spanOf(2, { context: contextOf(2, '00') }));
  tracing.record(spanOf(3));
  await tracing.service.stop();
  expect(collector.spans).toEqual([
    {
      traceId: TRACE,
      spanId: '0000000000000001',
      parentSpanId: 'b7ad6b7169203331',
      name: 'span 1',
      kind: 4,
      startMs: 1_764_000_000_000.25,
      endMs: 1_764_000_000_100.5,
      attributes: { text: 'a', number: 7, part: 0.5 },
      error: 'it broke',
      resource: { 'service.name': 'test' },
    },
    expect.objectContaining({ spanId: '0000000000000003', parentSpanId: '', error: undefined, kind: 1 }),
  ]);
  expect(collector.headers[0]).toMatchObject({ 'x-key': 'of the account' });
  expect(heard).toMatchObject({ exported: 2, failed: 0, dropped: 0, away: [] });
});

test('many leave at once, in portions', async () => {
  const { tracing } = await startTracing(collector.url, { queueSpans: 5000 });
  for (let n = 1; n <= 2000; n++) tracing.record(spanOf(n));
  await until(() => collector.spans.length === 2000, { what: 'all spans', timeoutMs: 5000 });
  expect(collector.headers.length).toBeLessThan(10);
  await tracing.service.stop();
});

test('while the collector is away spans are counted and dropped, said once, and go on when it is back', async () => {
  const port = await freePort();
  const { tracing, heard } = await startTracing(`http://127.0.0.1:${String(port)}`, { timeoutMs: 100, queueSpans: 20 });
  const began = performance.now();
  for (let n = 1; n <= 10_000; n++) tracing.record(spanOf(n));
  expect(performance.now() - began).toBeLessThan(500);
  await until(() => heard.failed > 0 && heard.dropped > 0, { what: 'spans that were given up', timeoutMs: 5000 });
  expect(heard).toMatchObject({ failed: 20, dropped: 9980, exported: 0 });
  tracing.record(spanOf(1));
  await until(() => heard.failed === 21, { what: 'one more', timeoutMs: 5000 });
  expect(heard.away).toHaveLength(1);
  expect(heard.away[0]).toMatch(/ECONNREFUSED/);
  const late = await startCollector(port);
  tracing.record(spanOf(2));
  // The collector has it before its answer is heard.
  await until(() => heard.exported === 1, { what: 'that it was taken', timeoutMs: 5000 });
  expect(late.spans).toHaveLength(1);
  expect(heard.back).toBe(1);
  await tracing.service.stop();
});

test('a collector that refuses is one that is away, and a process that stops waits for it a moment only', async () => {
  collector.answer(503);
  const { tracing, heard } = await startTracing(collector.url, { timeoutMs: 5000 });
  tracing.record(spanOf(1));
  const began = performance.now();
  await tracing.service.stop();
  expect(performance.now() - began).toBeLessThan(4000);
  collector.answer(400);
  const second = await startTracing(collector.url);
  second.tracing.record(spanOf(1));
  await second.tracing.service.stop();
  expect(second.heard).toMatchObject({ failed: 1, away: [expect.any(String) as string] });
  expect(heard.exported).toBe(0);
});

test('of new traces the part that was asked for is sampled', async () => {
  for (const [sampleRatio, least, most] of [
    [0, 0, 0],
    [1, 1000, 1000],
    [0.5, 350, 650],
  ] as const) {
    const { tracing } = await startTracing(collector.url, { sampleRatio });
    const sampled = Array.from({ length: 1000 }, () => tracing.samples()).filter(Boolean).length;
    expect(sampled).toBeGreaterThanOrEqual(least);
    expect(sampled).toBeLessThanOrEqual(most);
    await tracing.service.stop();
  }
});
