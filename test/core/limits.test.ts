import { createLimitBook, rateKey, slotKey, type Limit } from '../../src/core/limits';
import { DAG } from './model';

const limit = (over: Partial<Limit> & Pick<Limit, 'scope' | 'name'>): Limit => ({
  ...{ maxRunning: null, perSecond: null, burst: null, reason: null, by: null, updatedAt: 0 },
  ...over,
});
const task = { type: 'API_CALL', pool: undefined, dag: DAG, maxRunning: null, rateLimit: undefined };

test('a task takes a slot of its type, of its pool and of its DAG, where these are limited', () => {
  const book = createLimitBook([
    limit({ scope: 'pool', name: 'db', maxRunning: 2 }),
    limit({ scope: 'type', name: 'API_CALL', maxRunning: 3 }),
    limit({ scope: 'type', name: 'db', maxRunning: 9 }),
  ]);
  const ofType = { key: 'type:API_CALL', max: 3 };
  expect(book.of({ ...task, type: 'NOTIFICATION', pool: 'none' })).toBeUndefined();
  expect(book.of(task)).toEqual({ slots: [ofType], rates: [] });
  expect(book.of({ ...task, pool: 'db' })).toEqual({ slots: [ofType, { key: 'pool:db', max: 2 }], rates: [] });
  expect(book.of({ ...task, type: 'X', maxRunning: 4 })).toEqual({ slots: [{ key: `dag:${DAG}`, max: 4 }], rates: [] });
  expect(book.slotsOf('API_CALL', 'db')).toBe(book.slotsOf('API_CALL', 'db'));
  expect(createLimitBook([]).of({ ...task, pool: 'db', rateLimit: { name: 'api' } })).toBeUndefined();
});

test('a rate has a bucket for each key, and a second’s worth may begin at once where nobody said otherwise', () => {
  const book = createLimitBook([
    limit({ scope: 'rate', name: 'api', perSecond: 2.6 }),
    limit({ scope: 'rate', name: 'slow', perSecond: 0.1, burst: 4 }),
  ]);
  const rates = (name: string, key?: string) => book.of({ ...task, rateLimit: key === undefined ? { name } : { name, key } })?.rates;
  expect(rates('api')).toEqual([{ key: 'rate:api:', perSecond: 2.6, burst: 3 }]);
  expect(rates('slow', 'a b')).toEqual([{ key: 'rate:slow:a%20b', perSecond: 0.1, burst: 4 }]);
  expect(rates('other')).toBeUndefined();
});

test('keys are words without spaces and commas, and different things have different ones', () => {
  const keys = [
    slotKey({ scope: 'type', name: 'a b,c' }),
    slotKey({ scope: 'pool', name: 'a' }),
    slotKey({ scope: 'type', name: 'a' }),
    rateKey({ name: 'a', key: 'b:c' }),
    rateKey({ name: 'a:b', key: 'c' }),
    rateKey({ name: 'a' }),
  ];
  expect(new Set(keys).size).toBe(keys.length);
  for (const key of keys) expect(key).toMatch(/^[^\s,]+$/);
});
