import { hashOf, runSeed } from './run';

test('a seed replays exactly', async () => {
  const [once, again, other] = [await runSeed(7), await runSeed(7), await runSeed(8)];
  expect(hashOf(again.entries)).toBe(hashOf(once.entries));
  expect(hashOf(other.entries)).not.toBe(hashOf(once.entries));
});
