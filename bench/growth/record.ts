/** What was measured of growth as docs/growth.json holds it; docs/performance.md and its pictures are made from that and from nothing else. */
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { withBlock } from '../page';
import { row } from '../report';
import { plot } from './plot';
import type { Figure, Measured } from './scenario';

/** The last measurement of a scenario that was recorded. */
export interface Recorded extends Required<Measured> {
  readonly scenario: string;
  readonly scale: number;
  readonly runs: number;
  /** 2026-11-28 */
  readonly date: string;
  readonly commit: string;
  readonly machine: string;
  /** What else is to be known of it, such as what else ran. */
  readonly note?: string;
}

const [JSON_FILE, PAGE, PICTURES] = ['docs/growth.json', 'docs/performance.md', 'docs/images'];

const rounded = (value: number): number => Number(value.toPrecision(4));

const exactly = ({ value, spread, ...figure }: Figure): Figure => ({
  ...figure,
  value: rounded(value),
  ...(spread === undefined ? {} : { spread: [rounded(spread[0]), rounded(spread[1])] }),
});

const shown = (value: number, unit: string): string =>
  // Of what is nearly all, hundredths count.
  value.toLocaleString('en-US', { maximumFractionDigits: value < 10 || unit === '%' ? 2 : 0 });

/** A value with its unit, and where several runs differ with the least and the most of them. */
export const told = ({ value, unit, spread = [value, value] }: Figure): string => {
  const [least, most] = spread.map((each) => shown(each, unit));
  return `${shown(value, unit)} ${unit}`.trim() + (least === most ? '' : ` (${least} to ${most})`);
};

const sizeOf = ({ scale, runs }: Recorded): string => `${scale === 1 ? 'full' : String(scale)}, ${runs === 1 ? 'once' : `${runs} runs`}`;

/** These in place of earlier ones of the same scenarios; the others stay. In the order of the scenarios' names. */
export const merged = (before: readonly Recorded[], found: readonly Recorded[]): readonly Recorded[] => {
  const named = new Map([...before, ...found].map((each) => [each.scenario, each]));
  return [...named.values()].sort((a, b) => a.scenario.localeCompare(b.scenario, 'en', { numeric: true }));
};

const linesOf = (recorded: Recorded): readonly string[] => {
  const { scenario, date, commit, note, figures } = recorded;
  const [from, ...others] = figures.map((figure) => [figure.name, told(figure), figure.goal ?? '']);
  return [
    row([scenario, sizeOf(recorded), ...from!, [date, commit, ...(note === undefined ? [] : [note])].join(', ')]),
    ...others.map((cells) => row(['', '', ...cells, ''])),
  ];
};

/** The block of docs/performance.md. */
export const blockFor = (all: readonly Recorded[]): string =>
  [
    `\`npm run growth -- --runs N --record\`: medians of so many runs, each on a fresh stack, with the least and the most of them; the pictures are of the first. ${[...new Set(all.map(({ machine }) => machine))].join('; ')}; the services and the client on the same machine.`,
    [
      row(['scenario', 'size', 'figure', 'value', 'goal at full size', 'date, commit']),
      row(['---', '---', '---', '--:', '---', '---']),
      ...all.flatMap(linesOf),
    ].join('\n'),
    ...all.flatMap(({ curves }) => curves.map(({ name, title }) => `![${title}](images/${name}.svg)`)),
  ].join('\n\n');

export const readRecorded = (root: string): readonly Recorded[] => JSON.parse(readFileSync(path.join(root, JSON_FILE), 'utf8')) as Recorded[];

/** The page and the pictures, by their names below `root`. */
export const filesFor = (all: readonly Recorded[], page: string): ReadonlyMap<string, string> =>
  new Map([
    [PAGE, withBlock(page, 'growth', blockFor(all))],
    ...all.flatMap(({ curves }) => curves.map((curve) => [`${PICTURES}/${curve.name}.svg`, plot(curve)] as const)),
  ]);

/** Draws what is recorded. */
export const draw = (root: string): void => {
  mkdirSync(path.join(root, PICTURES), { recursive: true });
  for (const [name, text] of filesFor(readRecorded(root), readFileSync(path.join(root, PAGE), 'utf8'))) writeFileSync(path.join(root, name), text);
};

/** Adds what was found, and draws. */
export const recordGrowth = (root: string, found: readonly Recorded[]): void => {
  const exact = found.map((each) => ({
    ...each,
    figures: each.figures.map(exactly),
    curves: each.curves.map((curve) => ({ ...curve, points: curve.points.map(([x, y]) => [x, rounded(y)] as const) })),
  }));
  writeFileSync(path.join(root, JSON_FILE), `${JSON.stringify(merged(readRecorded(root), exact), undefined, 1)}\n`);
  draw(root);
};
