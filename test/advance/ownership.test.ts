import { createOwnership } from '../../src/advance/ownership';
import type { OwnedShard } from '../../src/ports/store';
import { createVirtualClock } from '../lifecycle/virtualClock';

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
    clock: createVirtualClock(),
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

test('leases last from the sending of a renewal on, however late its answer comes', async () => {
  const clock = createVirtualClock();
  let answer: () => void = () => undefined;
  const renewed = () => new Promise<void>((resolve) => (answer = resolve)).then(() => ({ owned: [], schedulers: 1, free: 0 }));
  const none = () => Promise.resolve(undefined);
  const ownership = createOwnership({
    ...{ scheduler: 's1', shardCount: 1, leaseMs: 1_000, clock, announce: () => undefined },
    leases: { define: none, renew: renewed, acquire: () => Promise.resolve([]), retake: none, release: none },
    advancer: { take: none, drop: none, owned: () => [] },
  });
  const renewAfter = async (ms: number): Promise<void> => {
    const beat = ownership.once();
    await clock.advance(ms);
    answer();
    await beat;
  };
  expect(ownership.isLive()).toBe(false);
  await renewAfter(400);
  expect(ownership.isLive()).toBe(true);
  await clock.advance(599);
  expect(ownership.isLive()).toBe(true);
  // Nobody has told it yet that another scheduler has the shards.
  await clock.advance(1);
  expect(ownership.isLive()).toBe(false);
  await renewAfter(1_000);
  expect(ownership.isLive()).toBe(false);
  await renewAfter(0);
  expect(ownership.isLive()).toBe(true);
});
