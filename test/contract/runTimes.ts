/** What every store of learned run times does. */
import type { RunTime } from '../../src/core/runTimes';
import type { RunTimeStore } from '../../src/ports/runTimes';

const type: RunTime = {
  dagName: null,
  name: 'API_CALL',
  samples: 2.5,
  meanMs: 40.25,
  buckets: [
    [3, 1.5],
    [7, 1],
  ],
};
const task: RunTime = { dagName: 'nightly "ü"', name: 'load', samples: 3, meanMs: 1200, buckets: null };
const long: RunTime = { ...task, dagName: 'ü'.repeat(512), name: 'x'.repeat(512) };

/** `open` answers a new, empty store. */
export const runTimesContract = (open: () => Promise<RunTimeStore>): void => {
  let store: RunTimeStore;
  beforeEach(async () => {
    store = await open();
  });

  test('what was written is read in its order, in portions', async () => {
    expect(await store.read(null, 10)).toEqual({ times: [], next: null });
    await store.write([]);
    for (const each of [type, task, long]) await store.write([each]);
    const first = await store.read(null, 2);
    expect(first.times).toEqual([type, task]);
    const second = await store.read(first.next, 2);
    expect(second.times).toEqual([long]);
    expect(await store.read(second.next, 2)).toEqual({ times: [], next: second.next });
  });

  test('a type and a task of the same name are two; what is written anew takes the place of what was there, and is read again', async () => {
    await store.write([type, { ...task, name: type.name }, task]);
    const { next } = await store.read(null, 10);
    await store.write([{ ...task, samples: 4, meanMs: 7 }]);
    expect((await store.read(next, 10)).times).toEqual([{ ...task, samples: 4, meanMs: 7 }]);
    expect((await store.read(null, 10)).times).toHaveLength(3);
  });

  test('those that were written last are kept', async () => {
    for (const each of [type, task, long]) await store.write([each]);
    await store.write([type]);
    expect(await store.trim(2)).toBe(1);
    expect((await store.read(null, 10)).times).toEqual([long, type]);
    expect(await store.trim(2)).toBe(0);
  });
};
