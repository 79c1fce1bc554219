import { createMemoryTaskLogs } from '../../src/adapters/memory/taskLogs';
import type { TaskRef } from '../../src/core/ids';
import { createFollowers, logPage, logText, type ShownLine } from '../../src/observe/taskLogs';
import { lineCursorIn } from '../../src/observe/query';
import type { TaskView } from '../../src/ports/views';
import { DAG } from '../core/model';
import { createVirtualClock, turns } from '../lifecycle/virtualClock';

const REF: TaskRef = { dag: DAG, task: 0 };

const start = () => {
  const clock = createVirtualClock();
  const logs = createMemoryTaskLogs({ now: () => clock.now(), hasDag: () => true });
  const say = (first: number, texts: readonly string[], ended = false, attempt = 1) =>
    logs.keep(
      [
        {
          ...REF,
          fence: String(attempt),
          attempt,
          worker: 'w1',
          first,
          count: texts.length,
          position: first,
          bytes: texts.length,
          ended,
          lines: JSON.stringify(texts.map((text) => [0, 1, 1, text])),
        },
      ],
      1_000_000,
    );
  let task: Partial<TaskView> | undefined = { status: 'RUNNING', attempt: 1, completedAt: null };
  const become = (next: typeof task): void => void (task = next);
  const followers = createFollowers({ views: { ...logs, task: () => Promise.resolve(task as TaskView | undefined) }, clock, most: 1 });
  return { clock, logs, say, become, followers };
};
const everywhere = { attempt: undefined, search: undefined, after: undefined, limit: 100 };
const itemsOf = async (page: ReturnType<typeof logPage>) => JSON.parse((await page).json) as { items: ShownLine[]; nextCursor: string | null };

test('pages of any size bring each line once, within chunks and over them, with what is missing', async () => {
  const { logs, say } = start();
  for (let chunk = 0; chunk < 40; chunk++) await say(chunk * 4, ['a', 'b', 'c']);
  for (const limit of [1, 2, 3, 7, 1000]) {
    const seen: string[] = [];
    let after: string | null = '';
    while (after !== null) {
      const { items, nextCursor } = await itemsOf(logPage(logs, REF, { ...everywhere, limit, after: lineCursorIn(after) }));
      expect(items.length).toBeLessThanOrEqual(limit);
      seen.push(...items.map(({ line, dropped }) => `${line}${dropped === null ? '' : '!'}`));
      after = nextCursor;
    }
    expect(seen).toEqual(Array.from({ length: 159 }, (_, i) => `${i + 1}${i % 4 === 3 ? '!' : ''}`));
  }
});

test('a search finds texts in any case, over more chunks than one look takes', async () => {
  const { logs, say } = start();
  for (let chunk = 0; chunk < 300; chunk++) await say(chunk, [chunk === 299 ? 'The Needle' : 'hay']);
  const first = await itemsOf(logPage(logs, REF, { ...everywhere, search: 'needle' }));
  expect(first.items).toEqual([]);
  const second = await itemsOf(logPage(logs, REF, { ...everywhere, search: 'needle', after: lineCursorIn(first.nextCursor!) }));
  expect(second).toMatchObject({ items: [{ text: 'The Needle' }], nextCursor: null });
  let text = '';
  for await (const piece of logText(logs, REF, everywhere)) text += piece;
  expect(text.split('\n')).toHaveLength(301);
});

const collect = (events: AsyncGenerator<string>) => {
  const seen: string[] = [];
  const done = (async () => {
    for await (const piece of events) seen.push(...[...piece.matchAll(/^(?:data: (.*)|(: .*))$/gm)].map(([, data, comment]) => data ?? comment!));
  })();
  return {
    done,
    texts: () =>
      seen.map((one) => {
        const said = one.startsWith('{') ? (JSON.parse(one) as { text?: string; status?: string | null }) : { text: one };
        return said.text ?? `end ${said.status}`;
      }),
  };
};

test('who follows gets lines as they come, then the end: when the end mark is there, or two seconds later', async () => {
  const { clock, say, become, followers } = start();
  await say(0, ['first']);
  const one = collect(followers.follow(REF, everywhere, new AbortController().signal));
  await turns();
  expect(one.texts()).toEqual(['first']);
  await say(1, ['second']);
  await clock.advance(500);
  become({ status: 'COMPLETED', attempt: 1, completedAt: clock.now() });
  await clock.advance(1000);
  expect(one.texts()).toEqual(['first', 'second']);
  await say(2, ['last'], true);
  await clock.advance(500);
  await one.done;
  expect(one.texts()).toEqual(['first', 'second', 'last', 'end COMPLETED']);
  become({ status: 'FAILED', attempt: 2, completedAt: clock.now() });
  const two = collect(followers.follow(REF, everywhere, new AbortController().signal));
  await clock.advance(1500);
  expect(two.texts().at(-1)).toBe('last');
  await clock.advance(1000);
  expect(two.texts().at(-1)).toBe('end FAILED');
  await two.done;
});

test('the end mark of a run before a rerun is not that of the attempt of the same number', async () => {
  const { clock, say, become, followers } = start();
  await say(0, ['before'], true);
  await clock.advance(5000);
  const startedAt = clock.now();
  become({ status: 'COMPLETED', attempt: 1, startedAt, completedAt: startedAt + 50 });
  await clock.advance(60);
  const one = collect(followers.follow(REF, everywhere, new AbortController().signal));
  await clock.advance(400);
  await say(1, ['after'], true);
  await clock.advance(500);
  await one.done;
  expect(one.texts()).toEqual(['before', 'after', 'end COMPLETED']);
});

test('a follower that goes makes room for the next; a silent one is kept alive, and all end with the process', async () => {
  const { clock, followers } = start();
  const gone = new AbortController();
  const one = collect(followers.follow(REF, everywhere, gone.signal));
  await turns();
  const next = followers.follow(REF, everywhere, new AbortController().signal);
  await expect(next.next()).rejects.toMatchObject({ code: 'OVERLOADED' });
  gone.abort();
  await one.done;
  const two = collect(followers.follow(REF, everywhere, new AbortController().signal));
  await clock.advance(15_000);
  expect(two.texts()).toEqual([': still here']);
  followers.end();
  await two.done;
  expect(two.texts()).toEqual([': still here']);
});
