/** The figures as docs/benchmarks.md holds them, and README.md's excerpt, which is made from that page and from nothing else. */
import { execFileSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { blockOf, withBlock } from './page';
import type { Reference } from './reference';
import { type Figures, peersIn, row, sentenceOf, table } from './report';

export interface Recording {
  readonly commit: string;
  /** 2026-11-24 */
  readonly date: string;
  readonly machine: string;
  readonly runs: number;
  readonly workers: number;
  readonly reference: Reference | undefined;
  readonly figures: readonly Figures[];
}

const FIGURES = 'figures';
/** The workloads that tell a reader of the README most: throughput by single requests and by one, and latency. */
const TELLING = ['W1', 'W1B', 'W2'];
/** workload, stack, tasks/s, p50, p99: what the excerpt takes of a line. */
const COLUMNS = 5;

/** The commit of the figures that a page holds. */
export const commitIn = (page: string): string => {
  const commit = / at commit ([0-9a-f]{7,40})\b/.exec(blockOf(page, FIGURES))?.[1];
  if (commit === undefined) throw new Error('the figures name no commit');
  return commit;
};

const cellsOf = (line: string): readonly string[] =>
  line
    .split('|')
    .slice(1, -1)
    .map((cell) => cell.trim());

/** docs/benchmarks.md with these figures in place of those that it had. */
export const pageWith = (page: string, { commit, date, machine, runs, workers, reference, figures }: Recording): string => {
  const peers = peersIn(figures);
  const command = [
    'npm run bench -- --record',
    ...(peers.length === 0 ? [] : ['--peers']),
    ...(runs === 3 ? [] : [`--runs ${runs}`]),
    ...(workers === 1 ? [] : [`--workers ${workers}`]),
  ].join(' ');
  const lines = [
    `\`${command}\`, medians of ${runs} runs, on ${date} at commit ${commit}. ${machine}; the services and the client on the same machine.`,
    ...(reference === undefined ? [] : [`The services by themselves: ${sentenceOf(reference)}`]),
    ...(peers.length === 0 ? [] : [`Peers, producer and worker in one process: ${peers.join('; ')}.`]),
  ];
  return withBlock(page, FIGURES, `${lines.join('\n')}\n\n${table(figures)}`);
};

/** What a workload submits, in the words of docs/benchmarks.md. */
const submittedIn = (page: string, workload: string): string => {
  const submitted = page
    .split('\n')
    .map(cellsOf)
    .find(([name, ...others]) => name === workload && others.length === 2)?.[1];
  if (submitted === undefined) throw new Error(`docs/benchmarks.md doesn't say what ${workload} submits`);
  return submitted;
};

/** README.md with the most telling figures of docs/benchmarks.md; a workload that stands there without figures is left out. */
export const readmeWith = (readme: string, page: string): string => {
  const [sentence = '', measured = ''] = blockOf(page, FIGURES).split('\n\n');
  const lines = measured.split('\n').map(cellsOf);
  const chosen = TELLING.flatMap((workload) => lines.filter(([name]) => name === workload));
  const rows = chosen.map(([name = '', ...cells]) => [`${name}: ${submittedIn(page, name)}`, ...cells].slice(0, COLUMNS));
  const head = [
    ['what is submitted', 'stack', 'tasks/s', 'ms a hop, p50', 'ms a hop, p99'],
    ['---', '---', '--:', '--:', '--:'],
  ];
  return withBlock(readme, FIGURES, `${sentence}\n\n${[...head, ...rows].map(row).join('\n')}`);
};

/** The commit that is checked out; an error where the program or the benchmark differ from it: figures belong to a commit. */
export const cleanCommit = (root: string): string => {
  const git = (...args: readonly string[]): string => execFileSync('git', args, { cwd: root, encoding: 'utf8' }).trim();
  const changed = git('status', '--porcelain', '--', 'src', 'bench', 'config', 'package-lock.json');
  if (changed !== '') throw new Error(`--record wants figures of a commit, but these differ from it:\n${changed}`);
  return git('rev-parse', '--short=7', 'HEAD');
};

/** Writes both pages. */
export const record = (root: string, recording: Recording): void => {
  const [pageFile, readmeFile] = [path.join(root, 'docs/benchmarks.md'), path.join(root, 'README.md')];
  const page = pageWith(readFileSync(pageFile, 'utf8'), recording);
  const readme = readmeWith(readFileSync(readmeFile, 'utf8'), page);
  writeFileSync(pageFile, page);
  writeFileSync(readmeFile, readme);
};
