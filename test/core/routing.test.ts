import fc from 'fast-check';
import { chooseSeat, createShared, emptySeat, hasRoom, leaveSeat, reviewSeat, takeSeat, type Counted, type Seat } from '../../src/core/routing';

const seat = (session: string, other: Partial<Seat> = {}): Seat => ({
  session,
  worker: session,
  inbox: 0,
  types: new Set(['API_CALL']),
  slots: 2,
  window: 3,
  prefetch: 1,
  ended: 0,
  perSecond: 2,
  draining: false,
  outstanding: new Uint32Array(10),
  shared: new Map(),
  total: 0,
  ...other,
});

const call = (priority = 5): Counted => ({ type: 'API_CALL', priority });
const row = (priority = 5): Counted => ({ type: 'ROW', priority });

/** Runs `perSlot` tasks of ROW in one slot. */
const batching = (session: string, perSlot: number, other: Partial<Seat> = {}): Seat =>
  seat(session, { types: new Set(['API_CALL', 'ROW']), shared: new Map([['ROW', createShared(perSlot)]]), ...other });

const take = (one: Seat, task: Counted, times: number): void => {
  for (let i = 0; i < times; i++) takeSeat(one, task);
};

test('the least loaded seat that knows the type gets the task, load being relative to the slots', () => {
  const large = seat('large', { slots: 8, window: 10 });
  const small = seat('small', { slots: 1, window: 2 });
  takeSeat(large, call());
  expect(chooseSeat([large, small], call())?.session).toBe('small');
  takeSeat(small, call());
  expect(chooseSeat([large, small], call())?.session).toBe('large');
  expect(chooseSeat([large, small], { type: 'NOTIFICATION', priority: 5 })).toBeUndefined();
});

test('a full window takes only what is more important than something in it', () => {
  const full = seat('full');
  take(full, call(4), 3);
  expect(hasRoom(full, call(4))).toBe(false);
  expect(hasRoom(full, call(3))).toBe(false);
  expect(hasRoom(full, call(5))).toBe(true);
});

test('a draining seat takes nothing', () => {
  expect(chooseSeat([seat('leaving', { draining: true })], call(9))).toBeUndefined();
  expect(chooseSeat([batching('leaving', 10, { draining: true })], row(9))).toBeUndefined();
});

describe('tasks that share slots', () => {
  test('a slot is taken with the first of them and has room for the others', () => {
    const one = batching('one', 100);
    takeSeat(one, row());
    expect(one.total).toBe(1);
    take(one, row(), 99);
    expect(one.total).toBe(1);
    takeSeat(one, row());
    expect(one.total).toBe(2);
    leaveSeat(one, row());
    expect(one.total).toBe(1);
  });

  test('fill the window as wholes, beside tasks that have a slot each', () => {
    const one = batching('one', 10, { slots: 2, window: 3 });
    take(one, row(), 11);
    expect([hasRoom(one, row()), hasRoom(one, call())]).toEqual([true, true]);
    takeSeat(one, call());
    // No slot is left for another call, but the second batch has begun.
    expect([hasRoom(one, row()), hasRoom(one, call())]).toEqual([true, false]);
    take(one, row(), 9);
    expect([hasRoom(one, row()), hasRoom(one, call())]).toEqual([false, false]);
    expect([hasRoom(one, row(6)), hasRoom(one, call(6))]).toEqual([true, true]);
  });

  test('wait at a worker for one further call in each slot, whatever the window', () => {
    const one = batching('one', 10, { slots: 2, window: 100 });
    take(one, row(), 39);
    expect(hasRoom(one, row())).toBe(true);
    takeSeat(one, row());
    expect([hasRoom(one, row()), hasRoom(one, row(6)), hasRoom(one, call())]).toEqual([false, true, true]);
  });

  test('are never more than 20,000 at a worker, however large its batches', () => {
    const one = batching('one', 10_000, { slots: 100, window: 200 });
    take(one, row(), 19_999);
    expect(hasRoom(one, row())).toBe(true);
    takeSeat(one, row());
    expect([hasRoom(one, row()), hasRoom(one, call())]).toEqual([false, true]);
  });

  test('are spread over the seats before one of them opens its next slot', () => {
    const seats = [batching('a', 10, { window: 20 }), batching('b', 10, { window: 20 })];
    const placed: string[] = [];
    for (let i = 0; i < 20; i++) {
      const chosen = chooseSeat(seats, row())!;
      takeSeat(chosen, row());
      placed.push(chosen.session);
    }
    expect(seats.map(({ total }) => total)).toEqual([1, 1]);
    expect(placed.slice(0, 4)).toEqual(['a', 'b', 'a', 'b']);
  });

  test('are counted one by one at a worker that does not say that they share', () => {
    const old = seat('old', { types: new Set(['ROW']), slots: 1, window: 2 });
    take(old, row(), 2);
    expect(hasRoom(old, row())).toBe(false);
  });
});

test('counts equal what was taken and not left, and room at a priority means room at every higher one', () => {
  const moves = fc.array(fc.tuple(fc.boolean(), fc.constantFrom('API_CALL', 'ROW', 'LINE'), fc.nat(9)), { maxLength: 120 });
  fc.assert(
    fc.property(moves, fc.integer({ min: 2, max: 7 }), fc.integer({ min: 2, max: 7 }), (all, rows, lines) => {
      const perSlot: Readonly<Record<string, number>> = { API_CALL: 1, ROW: rows, LINE: lines };
      const shared = new Map([
        ['ROW', createShared(rows)],
        ['LINE', createShared(lines)],
      ]);
      const one = seat('one', { slots: 3, window: 5, shared });
      const model = new Map(Object.keys(perSlot).map((type) => [type, new Array<number>(10).fill(0)]));
      for (const [takes, type, priority] of all) {
        const counts = model.get(type)!;
        if (takes) {
          takeSeat(one, { type, priority });
          counts[priority]! += 1;
        } else {
          leaveSeat(one, { type, priority });
          counts[priority] = Math.max(0, counts[priority]! - 1);
        }
      }
      expect([...one.outstanding]).toEqual(model.get('API_CALL'));
      for (const type of ['ROW', 'LINE']) expect([...shared.get(type)!.outstanding]).toEqual(model.get(type));
      const slots = [...model].map(([type, counts]) => Math.ceil(counts.reduce((sum, count) => sum + count, 0) / perSlot[type]!));
      expect(one.total).toBe(slots.reduce((sum, count) => sum + count, 0));
      for (const type of model.keys()) {
        for (let p = 1; p < 10; p++) if (hasRoom(one, { type, priority: p - 1 })) expect(hasRoom(one, { type, priority: p })).toBe(true);
      }
      emptySeat(one);
      expect([one.total, ...one.outstanding, ...shared.get('ROW')!.outstanding, shared.get('LINE')!.total]).toEqual(new Array(22).fill(0));
    }),
  );
});

describe('the window', () => {
  const review = (one: Seat, ended: number, ms = 200): number => {
    one.ended = ended;
    reviewSeat(one, ms);
    return one.window;
  };

  test('of a full seat holds what it begins within a quarter of a second, up to its prefetch', () => {
    const one = seat('one', { slots: 4, prefetch: 100, perSecond: 4 });
    take(one, call(), 4);
    expect(review(one, 16)).toBe(4 + 20);
    expect(review(one, 1000)).toBe(104);
  });

  test('of a full seat where nothing ends any more shrinks to its slots, and grows again', () => {
    const one = seat('one', { slots: 4, prefetch: 100, perSecond: 400 });
    take(one, call(), 4);
    const windows = Array.from({ length: 8 }, () => review(one, 0));
    expect([...windows].sort((a, b) => b - a)).toEqual(windows);
    expect(windows.at(-1)).toBe(4);
    expect(review(one, 80)).toBe(104);
  });

  test('of a seat with free slots is some tasks for each of them, whatever it did before', () => {
    const one = seat('one', { slots: 2, prefetch: 100, perSecond: 0.1 });
    expect(review(one, 0)).toBe(22);
    expect(review(seat('wide', { slots: 50, prefetch: 100 }), 0)).toBe(150);
  });
});

test('of full seats the one whose next slot comes free soonest gets the task, and a free slot comes first', () => {
  const fast = seat('fast', { window: 20, perSecond: 100, total: 12 });
  const slow = seat('slow', { window: 20, perSecond: 1, total: 2 });
  expect(chooseSeat([slow, fast], call())).toBe(fast);
  expect(chooseSeat([slow, fast, seat('free', { perSecond: 0.1, total: 1 })], call())?.session).toBe('free');
});
