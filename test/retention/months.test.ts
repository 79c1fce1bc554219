import { mintDagId } from '../../src/core/ids';
import type { KeptDays, Month } from '../../src/ports/retention';
import { createMonthKeeping, cutsWanted, lyingIn, overdueIn } from '../../src/retention/months';

const DAY_MS = 86_400_000;
const NOW = Date.parse('2026-11-15T12:00:00Z');
const day = (text: string): number => Date.parse(`${text}T00:00:00Z`);
const ALIKE: KeptDays = { completedDays: 30, failedDays: 30, cancelledDays: 30 };
const months = (...bounds: readonly string[]): Month[] =>
  [null, ...bounds.map(day)].map((from, i) => ({ from, to: bounds[i] === undefined ? null : day(bounds[i]) }));
const dagOf = (text: string) => mintDagId(0, day(text), () => 0);

test('two whole months to come are cut off ahead, none of them nearer than a month', () => {
  expect(cutsWanted(months(), NOW).map((at) => new Date(at).toISOString())).toEqual(['2027-01-01T00:00:00.000Z', '2027-02-01T00:00:00.000Z']);
  expect(cutsWanted(months('2027-01-01'), NOW)).toEqual([day('2027-02-01')]);
  expect(cutsWanted(months('2027-01-01', '2027-02-01'), NOW)).toEqual([]);
  // Whoever cut last had a fast clock, or nobody was there for a quarter.
  expect(cutsWanted(months('2027-06-01'), NOW)).toEqual([]);
  expect(cutsWanted(months('2026-03-01'), NOW)).toEqual([day('2027-01-01'), day('2027-02-01')]);
  expect(cutsWanted([], NOW)).toEqual([]);
});

test('rows lie where their month is dropped soon, not where it is far, overdue, has no end or may be kept', () => {
  const all = months('2026-08-01', '2026-09-01', '2026-10-01', '2026-11-01', '2027-01-01');
  const lying = (kept: KeptDays, lingerDays: number) =>
    ['2026-07-31', '2026-08-05', '2026-09-05', '2026-10-05', '2026-12-31', '2027-01-01'].filter((each) =>
      lyingIn(all, { kept, lingerDays }, NOW)(dagOf(each)),
    );
  expect(lying(ALIKE, 31)).toEqual(['2026-10-05']);
  expect(lying(ALIKE, 92)).toEqual(['2026-10-05', '2026-12-31']);
  expect(lying({ ...ALIKE, failedDays: 90 }, 31)).toEqual(['2026-08-05']);
  expect(lying({ ...ALIKE, cancelledDays: null }, 366)).toEqual([]);
  expect(lying(ALIKE, 0)).toEqual([]);
});

test('a month is overdue when its rows have lain for twice as long as they should', () => {
  const all = months('2026-08-01', '2026-09-01', '2026-10-01');
  expect(overdueIn(all, { kept: ALIKE, lingerDays: 31 }, NOW).map(({ to }) => to)).toEqual([day('2026-08-01'), day('2026-09-01')]);
  expect(overdueIn(all, { kept: { ...ALIKE, failedDays: 90 }, lingerDays: 31 }, NOW)).toEqual([]);
});

const newWorld = (over: { kept?: KeptDays; lingerDays?: number; outcome?: 'cut' | 'occupied'; all?: Month[]; fails?: number } = {}) => {
  const told: string[] = [];
  const state = { now: 0, told, all: over.all ?? months(), fails: over.fails ?? 0 };
  const keeping = createMonthKeeping({
    kept: over.kept ?? ALIKE,
    lingerDays: over.lingerDays ?? 31,
    clock: { now: () => NOW + state.now, monotonic: () => state.now },
    announce: (name, what) => void told.push(`${name} ${JSON.stringify(what)}`),
    mayGoOn: () => true,
    months: {
      all: () => Promise.resolve(state.all),
      takeBack: () => {
        if (state.fails-- > 0) return Promise.reject(new Error('in use'));
        told.push('taken back');
        return Promise.resolve();
      },
      cut: (at) => {
        told.push(`cut ${new Date(at).toISOString().slice(0, 10)}`);
        return Promise.resolve(over.outcome ?? 'cut');
      },
      drop: (endedBefore) => {
        told.push(`drop ${new Date(endedBefore).toISOString().slice(0, 10)}`);
        return Promise.resolve([{ table: 'tasks', until: day('2026-10-01'), bytes: 5 }]);
      },
      clear: (month) => {
        told.push(`clear ${new Date(month.to!).toISOString().slice(0, 10)}`);
        return Promise.resolve(1);
      },
    },
  });
  return { state, keeping };
};
const DROPPED = ['drop 2026-11-14', 'month.dropped {"table":"tasks","bytes":5,"until":"2026-10-01T00:00:00.000Z","tookMs":0}'];

test('a look takes back, cuts and drops, and comes again after ten minutes', async () => {
  const { state, keeping } = newWorld();
  await keeping.once();
  expect(state.told).toEqual([
    'taken back',
    'cut 2027-01-01',
    'month.cut {"at":"2027-01-01T00:00:00.000Z","tookMs":0}',
    'cut 2027-02-01',
    'month.cut {"at":"2027-02-01T00:00:00.000Z","tookMs":0}',
    ...DROPPED,
  ]);
  state.told.length = 0;
  state.now = 599_999;
  await keeping.once();
  expect(state.told).toEqual([]);
  state.now = 600_000;
  await keeping.once();
  expect(state.told).toContain('cut 2027-01-01');
});

test('what fails is tried again at the next step; what is occupied is left alone for a day', async () => {
  const { state, keeping } = newWorld({ outcome: 'occupied', fails: 1 });
  await expect(keeping.once()).rejects.toThrow('in use');
  await keeping.once();
  expect(state.told.slice(0, 3)).toEqual(['taken back', 'cut 2027-01-01', 'month.uncut {"at":"2027-01-01T00:00:00.000Z","tookMs":0}']);
  expect(state.told.slice(3)).toEqual(DROPPED);
  state.told.length = 0;
  state.now = DAY_MS - 1;
  await keeping.once();
  expect(state.told.filter((line) => line.startsWith('cut'))).toEqual([]);
  state.now += 600_000;
  await keeping.once();
  expect(state.told).toContain('cut 2027-01-01');
});

test.each([
  ['something is kept for ever', { kept: { ...ALIKE, failedDays: null } }],
  ['something is kept for more than two years', { kept: { ...ALIKE, failedDays: 800 } }],
  ['rows may not lie', { lingerDays: 0 }],
])('nothing is cut where %s, but what a former setting left is looked after', async (_name, over) => {
  const { state, keeping } = newWorld(over);
  await keeping.once();
  expect(state.told).toEqual(['taken back', ...DROPPED]);
});

test('what lies in an overdue month is deleted once', async () => {
  const { state, keeping } = newWorld({ all: months('2026-08-01', '2027-01-01', '2027-02-01') });
  await keeping.once();
  state.now = 600_000;
  await keeping.once();
  expect(state.told.filter((line) => line.startsWith('clear') || line.startsWith('month.cleared'))).toEqual([
    'clear 2026-08-01',
    'month.cleared {"until":"2026-08-01T00:00:00.000Z","rows":1}',
  ]);
});
