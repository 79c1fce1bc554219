import { createOwnership } from '../../src/advance/ownership';
import type { OwnedShard } from '../../src/ports/store';

const owned = (shard: number): OwnedShard => ({ shard, epoch: 1, position: { nextOffset: 0n, last: null } });

test('leaving ends only when no shard is being read any more, and then gives all of them back', async () => {
  const steps: string[] = [];
  const read: (() => void)[] = [];
  const held = new Map<number, number>();
  const taken: number[] = [];
  const ownership = createOwnership({
    scheduler: 's1',
    shardCount: 2,
    leaseMs: 1_000,
    leases: {
      define: () => Promise.resolve(),
      renew: () => Promise.resolve({ owned: [...held].map(([shard, epoch]) => ({ shard, epoch })), schedulers: 1, free: 2 - held.size }),
      acquire: () => {
        for (const shard of [0, 1]) held.set(shard, 1);
        return Promise.resolve([0, 1].map(owned));
      },
      retake: () => Promise.resolve(undefined),
      release: (_scheduler, shards) => {
        steps.push(`released ${shards.map(({ shard }) => shard).join()}`);
        return Promise.resolve();
      },
    },
    advancer: {
      take: async ({ shard }) => {
        taken.push(shard);
        await new Promise<void>((resolve) => read.push(resolve));
        steps.push(`read ${String(shard)}`);
      },
      drop: (shard) => {
        steps.push(`dropped ${String(shard)}`);
        return Promise.resolve();
      },
      owned: () => taken.map(owned),
    },
    announce: () => undefined,
  });
  await ownership.once();
  const left = ownership.leave().then(() => steps.push('left'));
  await new Promise((resolve) => setImmediate(resolve));
  expect(steps).toEqual(['dropped 0', 'dropped 1']);
  for (const end of read) end();
  await left;
  expect(steps).toEqual(['dropped 0', 'dropped 1', 'read 0', 'read 1', 'released 0,1', 'left']);
});
