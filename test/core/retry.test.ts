import fc from 'fast-check';
import type { Backoff } from '../../src/core/dag';
import { drawFrom, retryDelayMs } from '../../src/core/retry';

const DAY_MS = 86_400_000;
/** Everything that the edge lets in. */
const backoff: fc.Arbitrary<Backoff> = fc.record({
  type: fc.constantFrom('exponential', 'linear', 'fixed'),
  initialMs: fc.oneof(fc.constant(0), fc.double({ min: 0, max: DAY_MS, noNaN: true })),
  factor: fc.double({ min: 0, max: 100, noNaN: true }),
  maxMs: fc.double({ min: 0, max: 7 * DAY_MS, noNaN: true }),
  jitter: fc.double({ min: 0, max: 1, noNaN: true }),
});
const failures = fc.integer({ min: 1, max: 1001 });
const chance = fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true });

test('a delay is whole milliseconds between nothing and the maximum', () => {
  fc.assert(
    fc.property(backoff, failures, chance, (policy, count, draw) => {
      const delay = retryDelayMs(policy, count, draw);
      expect(Number.isInteger(delay)).toBe(true);
      expect(delay).toBeGreaterThanOrEqual(0);
      expect(delay).toBeLessThanOrEqual(Math.round(policy.maxMs));
    }),
    { numRuns: 1000 },
  );
});

test('no wait stays no wait, however large the factor and the count', () => {
  expect(retryDelayMs({ type: 'exponential', initialMs: 0, factor: 100, maxMs: 1000, jitter: 0 }, 1000, 0.5)).toBe(0);
});

test('without jitter delays never shrink where the factor is at least 1', () => {
  fc.assert(
    fc.property(backoff, fc.double({ min: 1, max: 100, noNaN: true }), fc.integer({ min: 1, max: 1000 }), (policy, factor, count) => {
      const plain = { ...policy, factor, jitter: 0 };
      expect(retryDelayMs(plain, count + 1, 0.3)).toBeGreaterThanOrEqual(retryDelayMs(plain, count, 0.9));
    }),
  );
});

test('jitter only shortens, by its share at most', () => {
  fc.assert(
    fc.property(backoff, failures, chance, (policy, count, draw) => {
      const full = retryDelayMs({ ...policy, jitter: 0 }, count, draw);
      const jittered = retryDelayMs(policy, count, draw);
      expect(jittered).toBeLessThanOrEqual(full);
      expect(jittered).toBeGreaterThanOrEqual(Math.floor((full - 1) * (1 - policy.jitter)));
    }),
  );
});

test('exponential, linear and fixed, spelled out', () => {
  const delays = (type: Backoff['type']) =>
    [1, 2, 3, 4].map((count) => retryDelayMs({ type, initialMs: 100, factor: 2, maxMs: 600, jitter: 0 }, count, 0));
  expect(delays('exponential')).toEqual([100, 200, 400, 600]);
  expect(delays('linear')).toEqual([100, 300, 500, 600]);
  expect(delays('fixed')).toEqual([100, 100, 100, 100]);
});

test('a draw depends on its text and salt alone and spreads over [0, 1)', () => {
  const draws = Array.from({ length: 2000 }, (_, i) => drawFrom('018bcfe5-6800-8000-8000-000000000000', i));
  expect(drawFrom('x', 7)).toBe(drawFrom('x', 7));
  expect(Math.min(...draws)).toBeGreaterThanOrEqual(0);
  expect(Math.max(...draws)).toBeLessThan(1);
  for (let tenth = 0; tenth < 10; tenth++) {
    const share = draws.filter((draw) => Math.floor(draw * 10) === tenth).length;
    expect(share).toBeGreaterThan(140);
    expect(share).toBeLessThan(260);
  }
});
