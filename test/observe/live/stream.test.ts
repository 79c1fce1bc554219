/** The stream of two processes under a virtual clock: what is lost is said, what is not wanted costs nothing, and all of it is bounded. */
import { createMemoryFeed } from '../../../src/adapters/memory/live';
import { failure } from '../../../src/core/failure';
import { mintDagId, type DagId } from '../../../src/core/ids';
import { createNotes } from '../../../src/observe/live/notes';
import { createStream } from '../../../src/observe/live/stream';
import { topicsOf } from '../../../src/observe/live/topics';
import type { Happenings } from '../../../src/ports/happenings';
import type { CommitBatch, RunStore } from '../../../src/ports/store';
import type { DagView, TaskView } from '../../../src/ports/views';
import { createVirtualClock } from '../../lifecycle/virtualClock';

interface Data {
  readonly changed: readonly DagView[];
  readonly more: boolean;
  readonly tasks: readonly { readonly taskId: string }[];
  readonly reason: string;
}

interface Told {
  readonly event: string;
  readonly id: string | undefined;
  readonly data: Partial<Data>;
}

const toldIn = (text: string): Told[] =>
  text
    .split('\n\n')
    .filter((block) => block.includes('event: ') && !block.startsWith('event: alive'))
    .map((block) => {
      const field = (name: string) => new RegExp(`^${name}: (.*)$`, 'm').exec(block)?.[1];
      return { event: field('event')!, id: field('id'), data: JSON.parse(field('data')!) as Partial<Data> };
    });

const viewOf = (dagId: DagId, totalTasks: number): DagView =>
  ({
    dagId,
    totalTasks,
    createdAt: 0,
    startedAt: null,
    completedAt: null,
    dueAt: null,
    scheduledFor: null,
    lateAt: null,
    reason: null,
  }) as DagView;

const NEVER = { queuedAt: null, dispatchedAt: null, startedAt: null, completedAt: null, retryAt: null, dueAt: null };
const taskOf = (dag: DagId, task: number, payload: string | null): TaskView =>
  ({ ref: { dag, task }, createdAt: 0, losses: 0, ...NEVER, reason: null, payload }) as unknown as TaskView;

const open = async () => {
  const clock = createVirtualClock();
  const feed = createMemoryFeed(clock);
  const states = { rowsAway: false, feedAway: false, reads: 0, exchanges: 0, totalTasks: 3, ready: 0, payload: null as string | null };
  const errors: unknown[] = [];
  const drops: string[] = [];
  const scheduler = async (name: string, most?: number) => {
    const notes = createNotes({ scheduler: name, owns: () => true });
    const store = notes.watched({ commit: () => Promise.resolve(), admit: () => Promise.resolve([]) } as unknown as RunStore);
    const stream = createStream({
      scheduler: name,
      clock,
      notes,
      feed: {
        exchange: (told) => {
          states.exchanges += 1;
          return states.feedAway ? Promise.reject(failure('LEASES_UNAVAILABLE', 'away')) : feed.exchange(told);
        },
      },
      rows: {
        dags: (dags) => {
          states.reads += 1;
          return states.rowsAway
            ? Promise.reject(failure('STORE_UNAVAILABLE', 'away'))
            : Promise.resolve(dags.map((dag) => viewOf(dag, states.totalTasks)));
        },
        tasks: (dag, indexes, limit) => {
          const ready = Array.from({ length: states.ready }, (_, i) => 1000 + i);
          return Promise.resolve([...indexes, ...ready].slice(0, limit).map((task) => taskOf(dag, task, states.payload)));
        },
      },
      overview: { present: () => Promise.resolve('{"at":"now"}') },
      workers: () => Promise.resolve([]),
      announce: (name, what) => {
        if (name === 'stream.dropped') drops.push((what as Happenings['stream.dropped']).why);
      },
      onError: (_loop, error) => errors.push(error),
      ...(most === undefined ? {} : { most }),
    });
    await stream.service.start();
    const connect = (topics: string, lastEventId?: string) => {
      let text = '';
      const end = () => (close = true);
      let close = false;
      const sink = { write: (bytes: Uint8Array) => ((text += Buffer.from(bytes).toString()), true), onDrain: () => undefined, end, cut: end };
      const leave = stream.open(sink, topicsOf({ topics }), lastEventId);
      return {
        leave,
        told: () => toldIn(text),
        of: (event: string) => toldIn(text).filter((each) => each.event === event),
        ended: () => close,
        text: () => text,
      };
    };
    const commit = (dags: readonly DagId[], tasks: readonly number[] = []) =>
      store.commit({
        dags: dags.map((dag) => ({ dag })),
        tasks: dags.flatMap((dag) => tasks.map((task) => ({ dag, task }))),
      } as unknown as CommitBatch);
    return { stream, notes, connect, commit };
  };
  const [a, b] = [await scheduler('a'), await scheduler('b', 2)];
  return { clock, feed, states, errors, drops, a, b, go: (ms: number) => clock.advance(ms) };
};

let minted = 0;
const freshDag = (): DagId => mintDagId(1, 1_700_000_000_000 + minted++, () => 0.5);

test('while nobody listens nothing is noted, nothing is read, and the others are asked once a second', async () => {
  const { go, states, a } = await open();
  await go(100);
  const before = states.exchanges;
  await a.commit([freshDag()]);
  await go(10_000);
  expect([states.reads, a.notes.take(), states.exchanges - before]).toEqual([0, undefined, 20]);
});

test('what one commits the clients of the other see; the first one is told that before it nobody noted anything', async () => {
  const { go, a, b } = await open();
  const page = b.connect('dags,workers,overview');
  await go(2000);
  expect(
    page
      .told()
      .map(({ event }) => event)
      .sort(),
  ).toEqual(['overview', 'reset', 'workers']);
  const [x, y] = [freshDag(), freshDag()];
  await a.commit([x]);
  await b.commit([y]);
  await go(1500);
  expect(
    page
      .of('dags')
      .flatMap(({ data }) => data.changed!.map(({ dagId }) => dagId))
      .sort(),
  ).toEqual([x, y]);
  expect(page.of('reset')).toHaveLength(1);
  await go(3000);
  // A second page costs nobody anything.
  const second = a.connect('dags');
  await go(2000);
  expect(second.told()).toEqual([]);
});

test('50 DAGs are shown at once, the newest, and that there were others; once a second', async () => {
  const { go, a } = await open();
  const page = a.connect('dags');
  await go(1000);
  const all = Array.from({ length: 1200 }, freshDag);
  for (let i = 0; i < 8; i++) {
    await a.commit(all);
    await go(250);
  }
  const events = page.of('dags');
  expect(events.length).toBeLessThanOrEqual(3);
  for (const { data } of events) expect([data.changed!.length, data.more]).toEqual([50, true]);
});

test('who comes back is told what was missed, by any of them; where that is not known it reads anew', async () => {
  const { go, a, b, feed } = await open();
  const page = a.connect('dags');
  await go(2000);
  await a.commit([freshDag()]);
  await go(1500);
  const { id } = page.of('dags').at(-1)!;
  page.leave();
  const missed = freshDag();
  await go(20_000);
  await a.commit([missed]);
  await go(5000);
  const again = b.connect('dags', id);
  await go(1500);
  expect(again.told().map(({ event, data }) => [event, data.changed?.map(({ dagId }) => dagId)])).toEqual([['dags', [missed]]]);
  again.leave();
  await go(70_000);
  const late = b.connect('dags', id);
  await go(500);
  expect(late.of('reset')).toHaveLength(1);
  feed.forget();
  await go(1000);
  expect(late.of('reset').at(-1)!.data).toEqual({ reason: 'what was told meanwhile is gone' });
  await go(2000);
  b.notes.took();
  const resets = late.of('reset').length;
  await go(1000);
  expect(late.of('reset')).toHaveLength(resets + 1);
});

test('while PostgreSQL or Redis is away nothing is lost', async () => {
  const { go, a, states } = await open();
  const page = a.connect('dags');
  await go(2000);
  const [x, y] = [freshDag(), freshDag()];
  states.rowsAway = true;
  await a.commit([x]);
  await go(3000);
  states.rowsAway = false;
  states.feedAway = true;
  await a.commit([y]);
  await go(30_000);
  states.feedAway = false;
  await go(2000);
  expect(page.of('dags').flatMap(({ data }) => data.changed!.map(({ dagId }) => dagId))).toEqual([x, y]);
  // But at its beginning, when the other had noted nothing yet.
  expect(page.of('reset').filter(({ id }) => id! > '1700000002')).toEqual([]);
});

test('tasks of a DAG are told to who watches it, and only then noted', async () => {
  const { go, a, b } = await open();
  const dag = freshDag();
  a.connect('workers');
  await go(5000);
  const page = a.connect(`dag:${dag}`);
  await go(2000);
  const shown = (): number[][] => page.of('dag').map(({ data }) => data.tasks!.map((task) => parseInt(task.taskId.slice(30), 16) - 1));
  // The other scheduler didn't know who watches: all there is is told once.
  expect(shown()).toEqual([[0, 1, 2]]);
  await b.commit([dag], [2]);
  await b.commit([dag, freshDag()], [1, 2]);
  await go(1500);
  expect(shown().slice(1)).toEqual([[2, 1]]);
});

test('of a DAG whose row alone changed it is told, though Redis was away', async () => {
  const { go, a, states } = await open();
  const dag = freshDag();
  const page = a.connect(`dag:${dag}`);
  await go(2000);
  const before = page.of('dag').length;
  states.feedAway = true;
  await a.commit([dag]);
  await go(1000);
  states.feedAway = false;
  await go(2000);
  expect(
    page
      .of('dag')
      .slice(before)
      .map(({ data }) => data.tasks),
  ).toEqual([[]]);
});

test('where one task makes thousands ready, pages read anew; large payloads come in several events', async () => {
  const { go, a, states } = await open();
  const dag = freshDag();
  const page = a.connect(`dag:${dag}`);
  await go(2000);
  const [resets, events] = [page.of('reset').length, page.of('dag').length];
  Object.assign(states, { totalTasks: 5000, ready: 4000 });
  await a.commit([dag], [0]);
  await go(1500);
  expect([page.of('reset').length, page.of('dag').length]).toEqual([resets + 1, events]);
  Object.assign(states, { ready: 3, payload: JSON.stringify('x'.repeat(100_000)) });
  await go(5000);
  await a.commit([dag], [0]);
  await go(1500);
  expect(
    page
      .of('dag')
      .slice(events)
      .map(({ data }) => data.tasks!.length),
  ).toEqual([1, 1, 1, 1]);
});

test('a client that was too slow, took nothing for a minute, or was one too many, is counted', async () => {
  const { go, b, drops } = await open();
  let [isFull, drain, cuts, leave] = [true, (): void => undefined, 0, (): void => undefined];
  const cut = (): void => {
    cuts += 1;
    leave();
  };
  const sink = { write: () => !isFull, onDrain: (then: () => void) => (drain = then), end: () => undefined, cut };
  leave = b.stream.open(sink, topicsOf({ topics: 'dags,overview' }), undefined);
  b.connect('dags');
  expect(() => b.connect('dags')).toThrow();
  expect(drops).toEqual(['refused']);
  await go(2000);
  for (let i = 0; i < 1200; i++) {
    await b.commit(Array.from({ length: 50 }, freshDag));
    if (i % 20 === 0) await go(1500);
  }
  expect([drops, cuts]).toEqual([['refused', 'stuck'], 1]);
  isFull = false;
  drain();
  expect(drops).toEqual(['refused', 'stuck', 'slow']);
});

test('there are only so many clients, and none once the process stops', async () => {
  const { go, b } = await open();
  const pages = [b.connect('dags'), b.connect('dags')];
  expect(() => b.connect('dags')).toThrow(expect.objectContaining({ code: 'OVERLOADED', retryAfterSeconds: 5 }) as Error);
  pages[0]!.leave();
  const last = b.connect('dags');
  expect(b.stream.clients()).toBe(2);
  await go(15_000);
  expect(last.text()).toMatch(/event: alive\nid: \d+-0\.memory-1\ndata: \{\}\n\n/);
  b.stream.close();
  expect([last.ended(), pages[1]!.ended()]).toEqual([true, true]);
  expect(() => b.connect('dags')).toThrow(expect.objectContaining({ code: 'OVERLOADED' }) as Error);
});
