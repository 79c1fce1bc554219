import { createSuccessRate } from '../../src/observe/successRate';

test('the share of what was completed in the last five minutes', () => {
  let now = 1_000;
  const rate = createSuccessRate({ monotonic: () => now });
  expect(rate.percent()).toBeNaN();
  rate.count('other');
  now += 100_000;
  for (let i = 0; i < 3; i++) rate.count('completed');
  expect(rate.percent()).toBe(75);
  now += 195_000;
  expect(rate.percent()).toBe(75);
  now += 10_000;
  expect(rate.percent()).toBe(100);
  now += 300_000;
  expect(rate.percent()).toBeNaN();
  rate.count('completed');
  expect(rate.percent()).toBe(100);
});
