/** Cuts and drops that a process doesn't come to the end of. */
import type { Pool, PoolClient } from 'pg';
import type { Database } from '../../../src/adapters/postgres/database';
import { createMonths } from '../../../src/adapters/postgres/months';
import { partitionsOf } from '../../../src/adapters/postgres/partitions';
import { bounds, countIn, EXPIRED, FEB, first, HOUR_MS, JAN, world } from './monthsWorld';
import { SERVERS } from './opened';

const [, onServices] = SERVERS[0]!;

/** The same pool, with something that happens before each statement, and in place of it where that rejects. */
const interrupted = (pool: Pool, before: (text: unknown) => Promise<void>): Pick<Database, 'engine'> => {
  const wrapped = <T extends Pool | PoolClient>(of: T): T =>
    new Proxy(of, {
      get: (target, key) => {
        const value: unknown = Reflect.get(target, key);
        if (key === 'connect') return async () => wrapped(await (target as Pool).connect());
        if (typeof value !== 'function') return value;
        if (key !== 'query') return value.bind(target) as unknown;
        return async (...given: unknown[]): Promise<unknown> => {
          await before(given[0]);
          return Reflect.apply(value, target, given) as unknown;
        };
      },
    });
  return { engine: wrapped(pool) };
};

/** As it is for a process that is killed after so many statements: what was begun and not committed never was. */
const dyingAfter = (pool: Pool, statements: number): Pick<Database, 'engine'> => {
  let left = statements;
  return interrupted(pool, () => (left-- > 0 ? Promise.resolve() : Promise.reject(new Error('killed'))));
};

/** Each transaction has more statements than that, and ends either as a whole or not at all. */
const STATEMENTS = 4;

/** Kills `step` later and later, until it comes to its end; how many kills that were. */
const killedEverywhere = async (engine: Pool, step: (months: ReturnType<typeof createMonths>) => Promise<unknown>, after: () => Promise<void>) => {
  for (let kills = 0; ; kills++) {
    const lived = await step(createMonths(dyingAfter(engine, kills * STATEMENTS))).then(
      () => true,
      () => false,
    );
    if (lived) return kills;
    await after();
  }
};

test('a cut that is killed anywhere is taken back or goes on, and refuses nothing that comes', async () => {
  const { database, months, ended } = await world(onServices);
  await ended(JAN);
  let [month, expected] = [3, 4];
  const kills = await killedEverywhere(
    database.engine,
    (mortal) => mortal.cut(first(month)),
    async () => {
      await months.takeBack();
      const parts = [...(await partitionsOf(database.engine, 'tasks')), ...(await partitionsOf(database.engine, 'attempts'))];
      expect(parts.filter(({ beingCut }) => beingCut)).toEqual([]);
      // Also where one table is cut already it is seen that there is something to do.
      const { from, to } = (await months.all()).at(-1)!;
      expect([(from ?? 0) < first(month), to]).toEqual([true, null]);
      await ended(first(month) - HOUR_MS);
      expect(await countIn(database, 'tasks')).toBe((expected += 4));
      expect(await months.cut(first(month))).toBe('cut');
      month++;
    },
  );
  expect(kills).toBeGreaterThan(8);
  expect(await months.all()).toHaveLength(kills + 2);
});

test('a cut that another leader takes back in its middle changes nothing, and reads nothing under its lock', async () => {
  const { database, months, ended } = await world(onServices);
  await ended(JAN);
  let locks = 0;
  const slow = interrupted(database.engine, async (text) => {
    // The first lock is for the check, the second for the cut itself.
    if (String(text).startsWith('SET LOCAL lock_timeout') && ++locks === 3) await months.takeBack();
  });
  await expect(createMonths(slow).cut(FEB)).rejects.toThrow('taken back');
  expect(bounds(await months.all())).toEqual(['later']);
  expect(await months.cut(FEB)).toBe('cut');
});

test('a drop that is killed anywhere is done by the next one', async () => {
  const { database, months, ended, expiry } = await world(onServices);
  await months.cut(JAN);
  await months.cut(FEB);
  const lying = async (): Promise<void> => {
    const gone = await ended(JAN);
    await expiry.removeExpired([gone], EXPIRED, () => true);
  };
  await lying();
  let month = 2;
  const kills = await killedEverywhere(
    database.engine,
    (mortal) => mortal.drop(first(month)),
    async () => {
      await months.drop(first(month));
      expect([await countIn(database, 'tasks'), await countIn(database, 'attempts')]).toEqual([0, 0]);
      expect((await months.all())[0]).toEqual({ from: null, to: first(month) });
      await months.cut(first(++month));
      await lying();
    },
  );
  expect(kills).toBeGreaterThan(4);
});
