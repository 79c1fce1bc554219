import { batchLimitsOf } from '../../src/execute/batch';

test.each([[{ maxSize: 1, maxWaitMs: 0 }], [{ maxSize: 10_000, maxWaitMs: 60_000 }]])('%j is taken as it is', (given) => {
  expect(batchLimitsOf(given)).toEqual(given);
});

test.each<[unknown, string[]]>([
  [null, ['its export batch must be an object {maxSize, maxWaitMs}, not null']],
  [[], ['not an array']],
  [() => undefined, ['not a value of type function']],
  [{ maxSize: 0, maxWaitMs: 0 }, ['batch.maxSize must be a whole number from 1 to 10000, not 0']],
  [{ maxSize: 10_001, maxWaitMs: 0 }, ['not 10001']],
  [{ maxSize: 1.5, maxWaitMs: 0 }, ['not 1.5']],
  [{ maxSize: '10', maxWaitMs: 0 }, ["not '10'"]],
  [{ maxSize: 10 }, ['batch.maxWaitMs must be a whole number from 0 to 60000, not undefined']],
  [{ maxSize: 10, maxWaitMs: -1 }, ['not -1']],
  [{ maxSize: 10, maxWaitMs: 60_001 }, ['not 60001']],
  [{ maxSize: 10, maxWaitMs: 1, size: 3 }, ['batch.size is unknown: there are maxSize and maxWaitMs']],
  [{ size: 3 }, ['batch.size is unknown', 'batch.maxSize must', 'batch.maxWaitMs must']],
])('%p is refused, with everything that is wrong', (given, words) => {
  for (const word of words) expect(() => batchLimitsOf(given)).toThrow(word);
});
