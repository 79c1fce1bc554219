/** docs/benchmarks.md holds the measured figures; README.md shows some of them, and can't differ. */
import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { cleanCommit, pageWith, readmeWith, record, type Recording } from '../../bench/record';
import { atEnd } from '../harness/cleanup';
import { projectRoot } from '../harness/processes';

const read = (folder: string, file: string): string => readFileSync(path.join(folder, file), 'utf8');
const page = read(projectRoot, 'docs/benchmarks.md');
const readme = read(projectRoot, 'README.md');

const recording: Recording = {
  commit: 'abc1234',
  date: '2027-01-02',
  machine: '2 × processor, 4 GB, Linux 1, Node v20',
  runs: 5,
  workers: 1,
  reference: { postgresCommitsPerSecond: 700, kafkaRoundTripMsP50: 2.5, kafkaRecordsPerSecond: 90_000, barePathMsP50: 3.2, barePathMsP99: 11 },
  figures: [
    { workload: 'W1', stack: 'real', system: 'self', metrics: { tasksPerSecond: 3210.4, makespanMs: 1246.2, rssMb: 400.5 } },
    { workload: 'W1B', stack: 'real', system: 'self', metrics: { tasksPerSecond: 9876 } },
    { workload: 'W2', stack: 'real', system: 'self', metrics: { hopMsP50: 3, hopMsP99: 7.64 } },
    { workload: 'W5', stack: 'real', system: 'self', metrics: { tasksPerSecond: 945 } },
  ],
};

const folderWithPages = (): string => {
  const folder = mkdtempSync(path.join(tmpdir(), 'figures-'));
  atEnd(() => {
    rmSync(folder, { recursive: true });
  });
  mkdirSync(path.join(folder, 'docs'));
  writeFileSync(path.join(folder, 'docs/benchmarks.md'), page);
  writeFileSync(path.join(folder, 'README.md'), readme);
  return folder;
};

test('the README shows the figures of docs/benchmarks.md', () => {
  expect(readmeWith(readme, page)).toBe(readme);
  expect(readme).toMatch(/^\| W1: .* \| real \| [\d,]+ \|/m);
  expect(readme).toMatch(/^\| W2: .* \| real \|\s+\| [\d.]+ \| [\d.]+ \|$/m);
});

test('a figure that was changed in one of them is noticed', () => {
  const changed = page.replace(/^(\| W1 \| real \| )[\d,]+/m, '$19,999');
  expect(changed).not.toBe(page);
  expect(readmeWith(readme, changed)).not.toBe(readme);
  expect(readmeWith(readme.replace(/(\| real \| )[\d,]+/, '$19,999'), page)).toBe(readme);
});

test('one recording writes both, and nothing beside their figures', () => {
  const folder = folderWithPages();
  record(folder, recording);
  const [newPage, newReadme] = [read(folder, 'docs/benchmarks.md'), read(folder, 'README.md')];
  expect(newPage).toContain('`npm run bench -- --record --runs 5`, medians of 5 runs, on 2027-01-02 at commit abc1234. 2 × processor, 4 GB');
  expect(newPage).toContain('| W1 | real | 3,210 |  |  | 1,246 | 401 |');
  expect(newReadme).toContain('PostgreSQL 700 commits/s on one connection');
  expect(newReadme).toMatch(/^\| W1: 1,000 diamonds \(4 tasks each\) at once \| real \| 3,210 \| {2}\| {2}\|$/m);
  expect(newReadme).toMatch(/^\| W1B: the same in one request, .* \| real \| 9,876 \| {2}\| {2}\|$/m);
  expect(newReadme).toMatch(/^\| W2: .* \| real \| {2}\| 3\.0 \| 7\.6 \|$/m);
  expect(newReadme).not.toMatch(/^\| W5/m);
  expect(readmeWith(newReadme, newPage)).toBe(newReadme);

  const around = (text: string): readonly string[] => text.split(/<!-- figures:(?:begin|end) -->/).filter((_, i) => i !== 1);
  expect(around(newPage)).toEqual(around(page));
  expect(around(newReadme)).toEqual(around(readme));
});

test('peers stand beside it, with what their answers survive', () => {
  const folder = folderWithPages();
  const peer = {
    workload: 'W1',
    stack: 'real',
    system: 'bullmq',
    version: '6.7.0',
    durability: 'Redis alone, appendonly no',
    metrics: { tasksPerSecond: 2750 },
  } as const;
  record(folder, { ...recording, figures: [...recording.figures, peer] });
  const [newPage, newReadme] = [read(folder, 'docs/benchmarks.md'), read(folder, 'README.md')];
  expect(newPage).toContain('`npm run bench -- --record --peers --runs 5`');
  expect(newPage).toContain('| W1 | bullmq | 2,750 |');
  for (const text of [newPage, newReadme]) expect(text).toContain('bullmq 6.7.0: Redis alone, appendonly no.');
  expect(newReadme).toMatch(/^\| W1: .* \| bullmq \| 2,750 \|/m);
});

test('a page without the place for figures is an error, and nothing is written', () => {
  expect(() => pageWith('# Benchmarks\n', recording)).toThrow('this page has no <!-- figures:begin --> … <!-- figures:end -->');
  const folder = folderWithPages();
  writeFileSync(path.join(folder, 'README.md'), '# none\n');
  expect(() => record(folder, recording)).toThrow('this page has no');
  expect(read(folder, 'docs/benchmarks.md')).toBe(page);
});

test('figures belong to a commit: a changed program is refused', () => {
  const folder = folderWithPages();
  const git = (...args: readonly string[]): string =>
    execFileSync('git', ['-c', 'user.name=me', '-c', 'user.email=me@example.org', ...args], { cwd: folder, encoding: 'utf8' });
  mkdirSync(path.join(folder, 'src'));
  writeFileSync(path.join(folder, 'src/main.ts'), '');
  git('init', '--quiet');
  git('add', '--all');
  git('commit', '--quiet', '--message=all');
  writeFileSync(path.join(folder, 'README.md'), '# being written\n');
  expect(cleanCommit(folder)).toBe(git('rev-parse', '--short=7', 'HEAD').trim());
  writeFileSync(path.join(folder, 'src/main.ts'), 'changed');
  expect(() => cleanCommit(folder)).toThrow(/--record wants figures of a commit, but these differ from it:\n.*src\/main\.ts/);
});
