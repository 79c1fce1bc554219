/** What every history of scalings does. */
import type { NewScaling, Scaling, ScalingHistory } from '../../src/ports/scaling';

const NOW = Date.UTC(2026, 0, 31, 12);

export const scaling = (given: Partial<NewScaling> = {}): NewScaling => ({
  fence: '10',
  at: NOW,
  scheduler: 'scheduler-1',
  driver: 'local',
  dryRun: false,
  before: 1,
  wanted: 3,
  direction: 'out',
  reason: '9 tasks wait, "ä"',
  ...given,
});

/** `open` answers a new, empty history. */
export const scalingsContract = (open: () => Promise<ScalingHistory>): void => {
  let history: ScalingHistory;
  beforeEach(async () => {
    history = await open();
  });

  test('what was decided is kept, and what was done about it', async () => {
    const id = (await history.note(scaling()))!;
    const shown: Scaling = {
      ...{ id, at: NOW, scheduler: 'scheduler-1', driver: 'local', dryRun: false, before: 1, wanted: 3, direction: 'out' },
      ...{ reason: '9 tasks wait, "ä"', done: null, error: null },
    };
    expect(await history.scalings(10)).toEqual([shown]);
    await history.finish(id, { done: 'started auto-2', error: null });
    expect(await history.scalings(10)).toEqual([{ ...shown, done: 'started auto-2' }]);
    const other = (await history.note(scaling({ dryRun: true, direction: 'in', driver: 'kubernetes' })))!;
    await history.finish(other, { done: null, error: 'no' });
    expect((await history.scalings(1))[0]).toMatchObject({ id: other, dryRun: true, direction: 'in', driver: 'kubernetes', error: 'no' });
  });

  test('whoever was followed by another leader notes nothing any more', async () => {
    expect(await history.note(scaling({ fence: '9' }))).toBeDefined();
    expect(await history.note(scaling({ fence: '10' }))).toBeDefined();
    expect(await history.note(scaling({ fence: '9' }))).toBeUndefined();
    expect(await history.note(scaling({ fence: '10' }))).toBeDefined();
    expect(await history.scalings(10)).toHaveLength(3);
  });

  test('pages come newest first', async () => {
    for (let before = 1; before <= 5; before++) await history.note(scaling({ before }));
    const first = await history.scalings(2);
    expect(first.map(({ before }) => before)).toEqual([5, 4]);
    expect((await history.scalings(10, first[1]!.id)).map(({ before }) => before)).toEqual([3, 2, 1]);
  });

  test('forgets what is old, and what is too much', async () => {
    for (let i = 0; i < 5; i++) await history.note(scaling({ at: NOW + i, before: i }));
    await history.forget(NOW + 1, 10);
    expect((await history.scalings(10)).map(({ before }) => before)).toEqual([4, 3, 2, 1]);
    await history.forget(0, 2);
    expect((await history.scalings(10)).map(({ before }) => before)).toEqual([4, 3]);
    await history.forget(0, 2);
    expect(await history.scalings(10)).toHaveLength(2);
  });
};
