import { type Standalone, startStandalone } from '../harness/stacks';
import { wholeRuns } from './wholeRuns';

let stack: Standalone;

beforeAll(async () => {
  stack = await startStandalone();
}, 100_000);

wholeRuns(() => stack);
