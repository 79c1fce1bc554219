import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { gunzipSync } from 'node:zlib';
import { createFolderArchive } from '../../src/adapters/archive/folder';
import { mintDagId, type DagId } from '../../src/core/ids';
import type { Archive, Cutoffs, ExpiredDag, ExpiredPage } from '../../src/ports/retention';
import { createRetention, stepsOf } from '../../src/retention/retention';
import { atEnd } from '../harness/cleanup';

const DAY_MS = 86_400_000;
const NOW = Date.parse('2026-03-01T12:00:00Z');
const ids = Array.from({ length: 500 }, (_, i) => mintDagId(0, NOW - i, () => i / 500));
const dagsOf = (count: number, tasks = 1): ExpiredDag[] => ids.slice(0, count).map((dag) => ({ dag, tasks }));

const freshFolder = (): string => {
  const folder = mkdtempSync(path.join(tmpdir(), 'archive-'));
  atEnd(() => {
    rmSync(folder, { recursive: true, force: true });
  });
  return path.join(folder, 'there');
};

/** The ids of each file. */
const archivedIn = (folder: string): DagId[][] =>
  readdirSync(folder).map((name) =>
    gunzipSync(readFileSync(path.join(folder, name)))
      .toString('utf8')
      .trim()
      .split('\n')
      .map((line) => (JSON.parse(line) as { dag_id: DagId }).dag_id),
  );

test('a step has so many DAGs and tasks at most; a large DAG is a step by itself', () => {
  expect(stepsOf([])).toEqual([]);
  expect(stepsOf(dagsOf(450)).map(({ length }) => length)).toEqual([200, 200, 50]);
  expect(stepsOf([...dagsOf(2), { dag: ids[2]!, tasks: 100_000 }, { dag: ids[3]!, tasks: 1 }])).toEqual([ids.slice(0, 2), [ids[2]], [ids[3]]]);
  expect(stepsOf(dagsOf(5, 9_000)).map(({ length }) => length)).toEqual([2, 2, 1]);
});

/** Pages of expired DAGs; what is done to them is told in order. */
const newWorld = (pages: readonly ExpiredDag[][], archive?: Archive, stays: (dag: DagId) => boolean = () => false) => {
  const told: string[] = [];
  const state = { asked: [] as Cutoffs[], mayGoOn: true, told };
  const retention = createRetention({
    kept: { completedDays: 1, failedDays: 30, cancelledDays: null },
    lingerDays: 31,
    months: { all: () => Promise.resolve([]) },
    clock: { now: () => NOW, monotonic: () => 0 },
    announce: (name, what) => void told.push(`${name} ${JSON.stringify(what)}`),
    mayGoOn: () => state.mayGoOn,
    archive: archive && {
      store: async (name, lines) => {
        const bytes = await archive.store(name, lines);
        told.push(`archived ${name}`);
        return bytes;
      },
    },
    dags: {
      expired: (cutoffs, from) => {
        state.asked.push(cutoffs);
        const page = Number(from ?? 0);
        const answer: ExpiredPage = { dags: pages[page] ?? [], next: page + 1 < pages.length ? String(page + 1) : null };
        return Promise.resolve(answer);
      },
      async *lines(dags) {
        for (const dag of dags) yield await Promise.resolve(`{"kind":"dag","dag_id":"${dag}"}\n`);
      },
      removeExpired: (dags) => {
        told.push(`removed ${String(dags.length)}`);
        return Promise.resolve(dags.filter((dag) => !stays(dag)));
      },
    },
  });
  return { state, retention };
};

test('what is kept for a time is asked for by that time, page after page; what is kept for ever is not asked for', async () => {
  const { state, retention } = newWorld([dagsOf(2), [], dagsOf(1)]);
  await retention.once();
  expect(state.asked).toEqual(Array.from({ length: 3 }, () => ({ COMPLETED: NOW - DAY_MS, FAILED: NOW - 30 * DAY_MS })));
  expect(state.told.filter((line) => line.startsWith('removed'))).toEqual(['removed 2', 'removed 1']);
});

test('nothing is removed before its archive is durable, and the archive holds every line', async () => {
  const folder = freshFolder();
  const { state, retention } = newWorld([dagsOf(3)], createFolderArchive(folder));
  await retention.once();
  const [name] = readdirSync(folder) as [string];
  expect(name).toMatch(new RegExp(`^dags-2026-03-01-${ids[0]!}-[0-9a-f]{16}\\.ndjson\\.gz$`));
  expect(state.told.map((line) => line.split(' ').slice(0, 2).join(' ')).slice(0, 3)).toEqual([
    `archived ${name}`,
    expect.stringMatching(/^archive.ended .*"outcome":"stored","bytes":[1-9]/),
    'removed 3',
  ]);
  expect(readdirSync(folder)).toEqual([name]);
  expect(archivedIn(folder)).toEqual([ids.slice(0, 3)]);
});

test('where a DAG stays that a step begins with, the next step that begins with it has a file of its own', async () => {
  const folder = freshFolder();
  const dag = (i: number): ExpiredDag => ({ dag: ids[i]!, tasks: 1 });
  const { state, retention } = newWorld([[dag(0), dag(1)], [dag(0), dag(2)], [dag(0)]], createFolderArchive(folder), (each) => each === ids[0]);
  await retention.once();
  expect(state.told.filter((line) => line.startsWith('removed'))).toHaveLength(3);
  expect(new Set(archivedIn(folder).flat())).toEqual(new Set(ids.slice(0, 3)));
  // As after a crash: the same step again replaces its file.
  await newWorld([[dag(0), dag(2)]], createFolderArchive(folder)).retention.once();
  expect(readdirSync(folder)).toHaveLength(3);
});

test('where the archive fails nothing is removed, and no half of a file is left', async () => {
  const folder = freshFolder();
  const archive = createFolderArchive(folder);
  const broken: Archive = {
    store: (name, lines) =>
      archive.store(
        name,
        (async function* () {
          for await (const line of lines) {
            yield line;
            throw new Error('the disk is full');
          }
        })(),
      ),
  };
  const { state, retention } = newWorld([dagsOf(2)], broken);
  await expect(retention.once()).rejects.toThrow('the disk is full');
  expect(state.told).toEqual(['archive.ended {"outcome":"failed","bytes":0,"tookMs":0}']);
  expect(readdirSync(folder)).toEqual([]);
});

test('whoever may not go on removes nothing more', async () => {
  const { state, retention } = newWorld([dagsOf(1), dagsOf(1)], {
    store: () => {
      state.mayGoOn = false;
      return Promise.resolve(1);
    },
  });
  await retention.once();
  expect(state.told.filter((line) => line.startsWith('removed'))).toEqual([]);
});
