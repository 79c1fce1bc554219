/** What every store of limits does. */
import type { Limit } from '../../src/core/limits';
import type { LimitStore } from '../../src/ports/limits';

const NOW = Date.UTC(2026, 0, 31, 12);
const pool: Limit = { scope: 'pool', name: 'db', maxRunning: 5, perSecond: null, burst: null, reason: 'a small server', by: 'ada', updatedAt: NOW };
const rate: Limit = { scope: 'rate', name: 'api', maxRunning: null, perSecond: 0.5, burst: 3, reason: null, by: null, updatedAt: NOW };

/** `open` answers a new, empty store. */
export const limitsContract = (open: () => Promise<LimitStore>): void => {
  let store: LimitStore;
  beforeEach(async () => {
    store = await open();
  });

  test('what was set is listed until it is removed', async () => {
    expect(await store.set(rate)).toEqual({ limit: rate, changed: true });
    expect(await store.set(pool)).toEqual({ limit: pool, changed: true });
    expect(await store.set({ ...pool, scope: 'type' })).toMatchObject({ changed: true });
    expect(await store.limits()).toEqual([pool, rate, { ...pool, scope: 'type' }]);
    expect(await store.remove(pool)).toEqual(pool);
    expect(await store.remove(pool)).toBeUndefined();
    expect(await store.limits()).toEqual([rate, { ...pool, scope: 'type' }]);
  });

  test('setting it again changes what is new about it, or nothing, then not its time either', async () => {
    await store.set(pool);
    expect(await store.set({ ...pool, updatedAt: NOW + 5 })).toEqual({ limit: pool, changed: false });
    const more = { ...pool, maxRunning: 6, by: null, updatedAt: NOW + 9 };
    expect(await store.set(more)).toEqual({ limit: more, changed: true });
    expect(await store.limits()).toEqual([more]);
  });
};
