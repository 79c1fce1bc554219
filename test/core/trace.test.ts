import fc from 'fast-check';
import { mintDagId } from '../../src/core/ids';
import {
  childContext,
  dagTraceOf,
  inTrace,
  isSampled,
  parentOfRoot,
  parseTraceparent,
  rootContext,
  spanIdIn,
  traceIdIn,
  traceIdOf,
  traceparentOf,
} from '../../src/core/trace';

const TRACE = '4bf92f3577b34da6a3ce929d0e0e4736';
const SPAN = '00f067aa0ba902b7';

test('a traceparent is read as W3C says', () => {
  expect(parseTraceparent(`00-${TRACE}-${SPAN}-01`)).toEqual({ traceId: TRACE, spanId: SPAN, sampled: true });
  expect(parseTraceparent(`00-${TRACE}-${SPAN}-00`)).toMatchObject({ sampled: false });
  // Of the flags, only the first is known; a later version may have more at its end.
  expect(parseTraceparent(`00-${TRACE}-${SPAN}-03`)).toMatchObject({ sampled: true });
  expect(parseTraceparent(`01-${TRACE}-${SPAN}-01-more`)).toEqual({ traceId: TRACE, spanId: SPAN, sampled: true });
});

test.each([
  undefined,
  7,
  '',
  'nonsense',
  `00-${TRACE}-${SPAN}`,
  `00-${TRACE}-${SPAN}-01-more`,
  `00-${TRACE}-${SPAN}-01x`,
  `ff-${TRACE}-${SPAN}-01`,
  `00-${TRACE.toUpperCase()}-${SPAN}-01`,
  `00-${'0'.repeat(32)}-${SPAN}-01`,
  `00-${TRACE}-${'0'.repeat(16)}-01`,
])('%p is no traceparent', (text) => {
  expect(parseTraceparent(text)).toBeUndefined();
});

const hex = (digits: number) => fc.stringMatching(new RegExp(`^[0-9a-f]{${String(digits)}}$`)).filter((text) => !/^0+$/.test(text));

test('what is written is read again, whatever it is', () => {
  fc.assert(
    fc.property(hex(32), hex(16), hex(16), fc.boolean(), fc.boolean(), (traceId, spanId, other, sampled, hasParent) => {
      const context = { traceId, spanId, sampled };
      const text = traceparentOf(context);
      expect(parseTraceparent(text)).toEqual(context);
      expect([traceIdIn(text), spanIdIn(text), isSampled(text)]).toEqual([traceId, spanId, sampled]);
      expect(parseTraceparent(childContext(text, other))).toEqual({ traceId, spanId: other, sampled });
      const ofDag = dagTraceOf(context, hasParent ? other : null);
      expect([rootContext(ofDag), parentOfRoot(ofDag)]).toEqual([text, hasParent ? other : null]);
      expect(inTrace(ofDag)).toEqual({ trace_id: traceId });
    }),
  );
  expect(inTrace(null)).toEqual({});
});

test("the trace of a DAG is found by the DAG's id", () => {
  const dag = mintDagId(7, 1_764_000_000_000, () => 0.5);
  expect(traceIdOf(dag)).toBe(dag.replaceAll('-', ''));
  expect(parseTraceparent(`00-${traceIdOf(dag)}-${SPAN}-01`)).toBeDefined();
});
