import { createPlacing } from '../../src/submit/placing';

const SHARDS = [3, 5, 7, 9];

/** How many DAGs went to each shard. */
const counted = (placed: readonly number[]): Record<number, number> => {
  const counts: Record<number, number> = {};
  for (const shard of placed) counts[shard] = (counts[shard] ?? 0) + 1;
  return counts;
};

describe('placing new DAGs', () => {
  test('those that come within a tenth of a second share a shard', () => {
    const place = createPlacing();
    const first = [1000, 1001, 1050, 1099].map((now) => place(SHARDS, now));
    expect(new Set(first).size).toBe(1);
    expect(place(SHARDS, 1100)).not.toBe(first[0]);
  });

  test('those that come apart are spread evenly', () => {
    const place = createPlacing();
    const placed = Array.from({ length: 40 }, (_, i) => place(SHARDS, i * 200));
    expect(counted(placed)).toEqual({ 3: 10, 5: 10, 7: 10, 9: 10 });
  });

  test('a burst is spread over all shards', () => {
    const place = createPlacing();
    const placed = Array.from({ length: 1024 }, () => place(SHARDS, 1000));
    expect(counted(placed)).toEqual({ 3: 256, 5: 256, 7: 256, 9: 256 });
  });

  test('a shard that was given up takes nothing more', () => {
    const place = createPlacing();
    place(SHARDS, 1000);
    const left = SHARDS.filter((shard) => shard !== place(SHARDS, 1001));
    expect(left).toContain(place(left, 1002));
  });
});
