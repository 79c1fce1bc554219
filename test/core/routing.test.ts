import fc from 'fast-check';
import { chooseSeat, hasRoom, leaveSeat, takeSeat, type Seat } from '../../src/core/routing';

const seat = (session: string, other: Partial<Seat> = {}): Seat => ({
  session,
  worker: session,
  inbox: 0,
  types: new Set(['API_CALL']),
  slots: 2,
  window: 3,
  draining: false,
  outstanding: new Uint32Array(10),
  total: 0,
  ...other,
});

test('the least loaded seat that knows the type gets the task, load being relative to the slots', () => {
  const large = seat('large', { slots: 8, window: 10 });
  const small = seat('small', { slots: 1, window: 2 });
  takeSeat(large, 5);
  expect(chooseSeat([large, small], 'API_CALL', 5)?.session).toBe('small');
  takeSeat(small, 5);
  expect(chooseSeat([large, small], 'API_CALL', 5)?.session).toBe('large');
  expect(chooseSeat([large, small], 'NOTIFICATION', 5)).toBeUndefined();
});

test('a full window takes only what is more important than something in it', () => {
  const full = seat('full');
  for (let i = 0; i < 3; i++) takeSeat(full, 4);
  expect(hasRoom(full, 4)).toBe(false);
  expect(hasRoom(full, 3)).toBe(false);
  expect(hasRoom(full, 5)).toBe(true);
});

test('a draining seat takes nothing', () => {
  expect(chooseSeat([seat('leaving', { draining: true })], 'API_CALL', 9)).toBeUndefined();
});

test('counts equal what was taken and not left, and room at a priority means room at every higher one', () => {
  fc.assert(
    fc.property(fc.array(fc.tuple(fc.boolean(), fc.nat(9)), { maxLength: 60 }), (moves) => {
      const one = seat('one');
      const model = new Array<number>(10).fill(0);
      for (const [takes, priority] of moves) {
        if (takes) {
          takeSeat(one, priority);
          model[priority]! += 1;
        } else {
          leaveSeat(one, priority);
          model[priority] = Math.max(0, model[priority]! - 1);
        }
      }
      expect([...one.outstanding]).toEqual(model);
      expect(one.total).toBe(model.reduce((sum, count) => sum + count, 0));
      for (let p = 1; p < 10; p++) if (hasRoom(one, p - 1)) expect(hasRoom(one, p)).toBe(true);
    }),
  );
});
