/** What every keeper of shard leases promises: the same suite for each adapter. */
import type { ShardLeases } from '../../src/ports/store';
import { until } from '../harness/until';

const LEASE_MS = 60_000;
/** Short enough to wait for its end. */
const SHORT_MS = 150;

/** `open` is called for each test and gives leases without any shard; `others` talk to the same store as other processes do. */
export function shardLeasesContract(open: () => Promise<{ readonly leases: ShardLeases; readonly others: readonly ShardLeases[] }>): void {
  test('the number of shards is set once', async () => {
    const { leases, others } = await open();
    await Promise.all([leases, ...others].map((one) => one.define(5)));
    await leases.define(5);
    await expect(leases.define(6)).rejects.toMatchObject({ code: 'SHARD_COUNT_DIFFERS' });
    expect(await leases.renew('a', LEASE_MS)).toEqual({ owned: [], schedulers: 1, free: 5 });
  });

  test('acquired shards are renewed, counted, and nobody else’s', async () => {
    const { leases } = await open();
    await leases.define(3);
    const taken = await leases.acquire('a', LEASE_MS, 2);
    expect(taken).toEqual([0, 1].map((shard) => ({ shard, epoch: 1, position: { nextOffset: 0n, last: null } })));
    expect(await leases.renew('a', LEASE_MS)).toEqual({
      owned: [
        { shard: 0, epoch: 1 },
        { shard: 1, epoch: 1 },
      ],
      schedulers: 1,
      free: 1,
    });
    expect(await leases.renew('b', LEASE_MS)).toEqual({ owned: [], schedulers: 2, free: 1 });
    expect((await leases.acquire('b', LEASE_MS, 9)).map(({ shard }) => shard)).toEqual([2]);
    expect(await leases.retake('b', LEASE_MS, 0)).toBeUndefined();
    expect(await leases.retake('a', LEASE_MS, 0)).toMatchObject({ shard: 0, epoch: 2 });
  });

  test('many that acquire at once never get the same shard', async () => {
    const { leases, others } = await open();
    await leases.define(40);
    const schedulers = [leases, ...others];
    const taken = new Map<number, string>();
    await Promise.all(
      schedulers.flatMap((one, i) =>
        Array.from({ length: 10 }, async () => {
          for (const { shard, epoch } of await one.acquire(`s${String(i)}`, LEASE_MS, 3)) {
            expect([taken.get(shard), epoch]).toEqual([undefined, 1]);
            taken.set(shard, `s${String(i)}`);
          }
        }),
      ),
    );
    const renewals = await Promise.all(schedulers.map((one, i) => one.renew(`s${String(i)}`, LEASE_MS)));
    expect(renewals.map(({ owned }) => owned.length).reduce((a, b) => a + b)).toBe(taken.size);
    renewals.forEach(({ owned }, i) => {
      for (const { shard } of owned) expect(taken.get(shard)).toBe(`s${String(i)}`);
    });
  });

  test('a lease that ended is free; its owner may renew it only while nobody took it', async () => {
    const { leases } = await open();
    await leases.define(2);
    await leases.renew('a', SHORT_MS);
    await leases.acquire('a', SHORT_MS, 2);
    await until(async () => (await leases.renew('b', LEASE_MS)).free === 2, { what: 'the leases of a to end' });
    expect(await leases.acquire('b', LEASE_MS, 1)).toMatchObject([{ shard: 0, epoch: 2 }]);
    expect((await leases.renew('a', LEASE_MS)).owned).toEqual([{ shard: 1, epoch: 1 }]);
    expect(await leases.acquire('b', LEASE_MS, 2)).toEqual([]);
  });

  test('released shards are free at once, and who gave up its last is gone', async () => {
    const { leases } = await open();
    await leases.define(3);
    await leases.renew('a', LEASE_MS);
    const [first, ...rest] = await leases.acquire('a', LEASE_MS, 3);
    await leases.release('a', [{ ...first!, epoch: 0 }]);
    expect(await leases.renew('b', LEASE_MS)).toMatchObject({ schedulers: 2, free: 0 });
    await leases.release('a', [first!]);
    expect(await leases.renew('b', LEASE_MS)).toMatchObject({ schedulers: 2, free: 1 });
    await leases.release('a', rest);
    expect(await leases.renew('b', LEASE_MS)).toMatchObject({ schedulers: 1, free: 3 });
    await leases.release('b', []);
    expect((await leases.renew('c', LEASE_MS)).schedulers).toBe(1);
  });
}
