/** What every adapter of ChangeFeed and FigureBoard must do. */
import { placeOf } from '../../src/core/live';
import type { DagId } from '../../src/core/ids';
import type { ChangeNote, SlotFigures } from '../../src/ports/live';
import { eachWorld, TASK, type LeasesWorld } from './leases';

const [X, Y] = [TASK.dag, '0190f0c0-0001-8000-8000-000000000000' as DagId];

const noteOf = (from: string, more: Partial<ChangeNote> = {}): ChangeNote => ({ from, unsure: null, dags: [], more: false, tasks: {}, ...more });

export const changeFeedContract = (open: () => Promise<LeasesWorld>): void => {
  const world = eachWorld(open);
  const exchange = (scheduler: string, told: Partial<Parameters<LeasesWorld['changes']['exchange']>[0]> = {}) =>
    world().changes.exchange({ scheduler, watch: undefined, note: undefined, after: undefined, ...told });

  test('tells who listens, and what each watches', async () => {
    expect([...(await exchange('a')).listeners]).toEqual([]);
    await exchange('a', { watch: [] });
    expect([...(await exchange('b')).listeners]).toEqual([['a', []]]);
    await exchange('b', { watch: [X, Y] });
    await exchange('a');
    expect(Object.fromEntries((await exchange('a', { after: null })).listeners)).toEqual({ a: [], b: [X, Y] });
    await exchange('b', { watch: [Y] });
    expect((await exchange('a', { note: noteOf('a') })).listeners.get('b')).toEqual([Y]);
  });

  test('what anybody tells is read by everybody, once each and in order', async () => {
    const start = await exchange('b', { after: null });
    expect(start.notes).toEqual([]);
    const first = noteOf('a', { dags: [Y, X], more: true, tasks: { [X]: [1, 2], [Y]: null } });
    await exchange('a', { note: first });
    await exchange('c', { note: noteOf('c', { unsure: 'woke' }) });
    const read = await exchange('b', { note: noteOf('b'), after: start.place });
    expect(read.notes.map(({ note }) => note)).toEqual([first, noteOf('c', { unsure: 'woke' }), noteOf('b')]);
    expect(read.since).toBe(start.place);
    const again = await exchange('b', { after: read.place });
    expect(again.notes).toEqual([]);
    await exchange('a', { note: noteOf('a', { dags: [X] }) });
    expect((await exchange('b', { after: again.place })).notes.map(({ note }) => note.dags)).toEqual([[X]]);
  });

  test('any process goes on from a place that another one was given', async () => {
    await exchange('a', { note: noteOf('a', { dags: [X] }) });
    const { notes } = await exchange('b', { after: null });
    await exchange('a', { note: noteOf('a', { dags: [Y] }) });
    const read = await exchange('c', { after: notes.at(-1)!.place });
    expect(read.since).toBe(notes.at(-1)!.place);
    expect(read.notes.map(({ note }) => note.dags)).toEqual([[Y]]);
  });

  test('from a place of no use it gives all that is kept, and says since when that is', async () => {
    await exchange('a', { note: noteOf('a', { dags: [X] }) });
    const { place } = await exchange('b', { after: null });
    const { ms, memory } = placeOf(place)!;
    for (const useless of [`${ms}-0.another`, `${ms - 3_600_000}-0.${memory}`, 'x', '']) {
      const read = await exchange('b', { after: useless });
      expect(read.notes.map(({ note }) => note.dags)).toEqual([[X]]);
      expect(placeOf(read.since)).toMatchObject({ memory });
      expect(placeOf(read.since)!.ms).toBeLessThan(ms - 50_000);
    }
  });

  test('after everything was forgotten, places are of another memory', async () => {
    await exchange('a', { watch: [X], note: noteOf('a') });
    const { place } = await exchange('b', { after: null });
    await world().forget();
    const read = await exchange('b', { after: place });
    expect([read.notes, [...read.listeners]]).toEqual([[], []]);
    expect(placeOf(read.place)!.memory).not.toBe(placeOf(place)!.memory);
    expect(placeOf(read.since)!.memory).toBe(placeOf(read.place)!.memory);
  });
};

export const figuresOf = (more: Partial<SlotFigures> = {}): SlotFigures => ({
  completed: 0,
  failed: 0,
  skipped: 0,
  cancelled: 0,
  lately: [0, 0, 0, 0],
  queued: {},
  dags: 0,
  slots: 0,
  taken: 0,
  active: 0,
  draining: 0,
  health: {},
  ...more,
});

export const figureBoardContract = (open: () => Promise<LeasesWorld>): void => {
  const world = eachWorld(open);

  test('keeps what each scheduler put last into each slot', async () => {
    const { figures: board } = world();
    const slot = Math.floor(Date.now() / 5000);
    expect(await board.figures(slot - 180, slot + 1)).toEqual([]);
    const full = figuresOf({ completed: 3, lately: [1, 2, 3, 4], queued: { '5': 9 }, health: { 'Kafka "ä"': false } });
    await board.publish('a', new Map([[slot, figuresOf({ completed: 1 })]]));
    await board.publish('scheduler b.1', new Map([[slot, full]]));
    await board.publish(
      'a',
      new Map([
        [slot, figuresOf({ completed: 2 })],
        [slot + 1, figuresOf({ failed: 1 })],
      ]),
    );
    const found = await board.figures(slot - 180, slot + 1);
    expect(found.sort((a, b) => a.slot - b.slot || a.scheduler.localeCompare(b.scheduler))).toEqual([
      { slot, scheduler: 'a', figures: figuresOf({ completed: 2 }) },
      { slot, scheduler: 'scheduler b.1', figures: full },
      { slot: slot + 1, scheduler: 'a', figures: figuresOf({ failed: 1 }) },
    ]);
    expect(await board.figures(slot + 1, slot + 9)).toHaveLength(1);
    await world().forget();
    expect(await board.figures(slot, slot + 1)).toEqual([]);
  });
};
