import { runSeed } from '../simulate/run';
import failedOnce from './failedOnce.json';

test.each(failedOnce)('seed %i, which failed once, holds', async (seed) => {
  expect((await runSeed(seed)).violations).toEqual([]);
});
