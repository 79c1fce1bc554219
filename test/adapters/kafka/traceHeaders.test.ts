import { traceHeaders, tracesIn } from '../../../src/adapters/kafka/traceHeaders';

const context = (n: number): string => `00-4bf92f3577b34da6a3ce929d0e0e4736-${String(n).padStart(16, '0')}-01`;
/** As Kafka gives them back. */
const delivered = (headers: Readonly<Record<string, string>>) =>
  Object.fromEntries(Object.entries(headers).map(([name, text]) => [name, Buffer.from(text)]));

test('one entry has the header that everybody knows', () => {
  expect(traceHeaders([context(1)])).toEqual({ traceparent: context(1) });
});

test.each([[[context(1)]], [[context(1), context(2)]], [[undefined, context(2), undefined]], [[context(1), undefined]]])(
  'the contexts %p come back as they were',
  (contexts) => {
    expect(tracesIn(delivered(traceHeaders(contexts)))).toEqual(contexts);
  },
);

test('what is no context is none', () => {
  expect(tracesIn(undefined)).toBeUndefined();
  expect(tracesIn({})).toBeUndefined();
  expect(tracesIn({ other: Buffer.from('x') })).toBeUndefined();
  expect(tracesIn(delivered({ traceparent: 'nonsense' }))).toEqual([undefined]);
  expect(tracesIn(delivered({ traceparents: `${context(1)},nonsense,` }))).toEqual([context(1), undefined, undefined]);
});
