import { numbered, prefixed, seeCrew, stepFor, type SeeingNeeds } from '../../src/autoscale/crew';
import type { LiveWorker } from '../../src/ports/leases';
import { describedAs } from '../contract/leases';

const live = (workerId: string, given: Partial<LiveWorker> = {}): LiveWorker => ({
  ...describedAs(workerId, { slots: 2 }),
  session: `${workerId}.1`,
  inbox: 0,
  freeSlots: 2,
  held: 0,
  draining: false,
  lastHeartbeatAt: 0,
  ...given,
});
const names = numbered('auto-');
const see = (given: Partial<SeeingNeeds>) =>
  seeCrew({ workers: [], starting: [], desired: undefined, names, max: 4, slots: 7, tasksOutlast: false, ...given });
const decided = (before: number, wanted: number) => ({ before, wanted, direction: wanted > before ? 'out' : 'in', reason: '' }) as const;

test('its own are those with its names; others count and are left alone', () => {
  const seen = see({ workers: [live('by-hand'), live('auto-1'), live('auto-02'), live('auto-3', { draining: true })], starting: ['auto-4'] });
  expect(seen).toMatchObject({ active: 3, starting: 1, draining: 1, slots: 2, mayLeave: ['auto-1'], ownInAll: 2, free: ['auto-2'] });
  expect(stepFor(decided(4, 1), seen, names)).toEqual({ verb: 'leave', ids: ['auto-1'], total: 1 });
  expect(stepFor(decided(4, 1), see({ workers: [live('by-hand')] }), names)).toBeUndefined();
});

test('the idlest leave first, of equals the last one that came', () => {
  const seen = see({ workers: [live('auto-1'), live('auto-2', { held: 1 }), live('auto-3'), live('auto-10', { held: 5 })] });
  expect(seen.mayLeave).toEqual(['auto-3', 'auto-1', 'auto-2', 'auto-10']);
});

test('where tasks outlast a drain only who has none leaves', () => {
  const workers = [live('auto-1', { held: 1 }), live('auto-2'), live('auto-3', { held: 2 })];
  expect(see({ workers, tasksOutlast: true })).toMatchObject({ active: 3, mayLeave: ['auto-2'], ownInAll: 3 });
  expect(stepFor(decided(3, 1), see({ workers, tasksOutlast: true }), names)).toEqual({ verb: 'leave', ids: ['auto-2'], total: 2 });
  expect(stepFor(decided(3, 1), see({ workers: [workers[0]!], tasksOutlast: true }), names)).toBeUndefined();
});

test('there are as many names as there may be workers, and one that drains keeps its own', () => {
  const seen = see({ workers: [live('auto-2'), live('auto-1', { draining: true })], starting: ['auto-3'] });
  expect(stepFor(decided(2, 4), seen, names)).toEqual({ verb: 'start', ids: ['auto-4'], total: 3 });
  expect(stepFor(decided(2, 4), see({ workers: ['1', '2', '3', '4'].map((n) => live(`auto-${n}`, { draining: true })) }), names)).toBeUndefined();
});

test('without workers the settings tell how many slots one has', () => {
  expect(see({})).toMatchObject({ active: 0, slots: 7, free: ['auto-1', 'auto-2', 'auto-3', 'auto-4'] });
});

test('where somebody else keeps the workers, those that are missing are on their way, and only their number matters', () => {
  const pods = prefixed('web-');
  const seen = see({ names: pods, workers: [live('web-abc', { held: 3 }), live('web-def'), live('by-hand')], desired: 4 });
  expect(seen).toMatchObject({ active: 3, starting: 2, mayLeave: ['web-def', 'web-abc'], ownInAll: 4, free: [] });
  expect(stepFor(decided(5, 8), seen, pods)).toEqual({ verb: 'start', ids: [], total: 7 });
  // Those that aren't here yet go first: a mark on others would stay.
  expect(stepFor(decided(5, 4), seen, pods)).toEqual({ verb: 'leave', ids: [], total: 3 });
  expect(stepFor(decided(5, 2), seen, pods)).toEqual({ verb: 'leave', ids: ['web-def'], total: 1 });
  const busy = see({ names: pods, workers: [live('web-abc', { held: 3 })], desired: 2, tasksOutlast: true });
  expect(stepFor(decided(2, 0), busy, pods)).toEqual({ verb: 'leave', ids: [], total: 1 });
  // More are alive than there are to be: those go anyway.
  expect(see({ names: pods, workers: [live('web-a'), live('web-b')], desired: 1 })).toMatchObject({ active: 1, starting: 0 });
});
