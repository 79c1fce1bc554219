import { createMemoryScalings } from '../../../src/adapters/memory/scalings';
import { scalingsContract } from '../../contract/scalings';

describe('scalings in memory', () => {
  scalingsContract(() => Promise.resolve(createMemoryScalings()));
});
