import { between, createLoadMeter } from '../../src/autoscale/loads';
import { createEmitter } from '../../src/lifecycle/emitter';
import type { Happenings } from '../../src/ports/happenings';

const load = (waiting: number, sent: number, ended: number) => ({ waiting, sent, ended });

test('a scheduler counts what its stages announce: what was sent, and attempts that ended', () => {
  const { announce, listen } = createEmitter<Happenings>(() => undefined);
  const meter = createLoadMeter({ listen, waiting: () => 3 });
  expect(meter()).toEqual(load(3, 0, 0));
  announce('dispatch.sent', { count: 5, tookMs: 1, waitsMs: [] });
  for (const outcome of ['COMPLETED', 'FAILED', 'SKIPPED', 'CANCELLED'] as const) announce('task.finished', { type: 'T', outcome, attempts: 1 });
  announce('task.retrying', { dag: 'd', task: 't', type: 'x', attempt: 1, delayMs: 1, reason: 'r' });
  expect(meter()).toEqual(load(3, 5, 3));
});

test('what waits now and was sent meanwhile, and didn’t wait before, became ready', () => {
  const before = new Map([
    ['a', load(10, 100, 90)],
    ['b', load(0, 50, 50)],
  ]);
  const now = new Map([
    ['a', load(4, 110, 95)],
    ['b', load(2, 53, 52)],
  ]);
  expect(between(before, now)).toEqual({ waiting: 6, arrived: 9, ended: 7 });
});

test('a scheduler that comes, goes or begins anew is no rush', () => {
  const before = new Map([
    ['a', load(10, 100, 90)],
    ['b', load(0, 50, 50)],
  ]);
  expect(between(before, new Map([['b', load(10, 50, 50)]]))).toEqual({ waiting: 10, arrived: 0, ended: 0 });
  expect(between(before, new Map([['c', load(0, 900, 900)]]))).toEqual({ waiting: 0, arrived: -10, ended: 0 });
  expect(between(before, new Map([['a', load(10, 2, 1)]]))).toEqual({ waiting: 10, arrived: 0, ended: 0 });
});
