/** How growth is drawn and recorded: docs/performance.md and its pictures show what docs/growth.json holds, and can't differ. */
import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { medians } from '../../bench/growth/medians';
import { plot, ticksTo } from '../../bench/growth/plot';
import { ratesOf } from '../../bench/growth/rates';
import { blockFor, filesFor, merged, readRecorded, told, type Recorded } from '../../bench/growth/record';
import { projectRoot } from '../harness/processes';

const read = (name: string): string => readFileSync(path.join(projectRoot, name), 'utf8');

const recorded: Recorded = {
  scenario: 'W7',
  scale: 0.1,
  runs: 1,
  date: '2027-01-02',
  commit: 'abc1234',
  machine: '2 × processor',
  figures: [
    { name: 'last to first', value: 0.954, unit: '', goal: 'at least 0.9' },
    { name: 'stored', value: 56_438.4, unit: 'tasks a second' },
  ],
  curves: [
    {
      name: 'w7-rate',
      title: 'Rate & time',
      x: 'tasks',
      y: 'a second',
      points: [
        [0, 0],
        [50, 4000],
        [100, 8000],
      ],
    },
  ],
};

test('docs/performance.md and the pictures show what docs/growth.json holds', () => {
  const all = readRecorded(projectRoot);
  const files = filesFor(all, read('docs/performance.md'));
  for (const [name, text] of files) expect([name, read(name)]).toEqual([name, text]);
  const drawn = [...files.keys()].filter((name) => name.endsWith('.svg')).map((name) => path.basename(name));
  expect(readdirSync(path.join(projectRoot, 'docs/images')).filter((name) => /^w\d+-/.test(name))).toEqual(drawn.sort());
  expect(drawn.map((name) => name.slice(0, 2))).toEqual(expect.arrayContaining(['w6', 'w7', 'w8']));
});

test('ticks are round, begin at 0 and reach the highest value', () => {
  expect(ticksTo(8000)).toEqual([0, 2000, 4000, 6000, 8000]);
  expect(ticksTo(8001)).toEqual([0, 2000, 4000, 6000, 8000, 10_000]);
  expect(ticksTo(0.3)).toEqual([0, 0.1, 0.2, 0.3]);
  expect(ticksTo(892)).toEqual([0, 200, 400, 600, 800, 1000]);
  expect([ticksTo(0), ticksTo(NaN)]).toEqual([
    [0, 1],
    [0, 1],
  ]);
});

test('a curve is drawn from 0 on, at the places of its points', () => {
  const [curve] = recorded.curves;
  const svg = plot(curve!);
  expect(svg).toBe(plot(structuredClone(curve!)));
  // Left and bottom, the middle, right and top of what the axes enclose.
  expect(svg).toContain('<polyline points="76,248 346,144 616,40"');
  expect(svg.match(/<circle /g)).toHaveLength(3);
  expect(svg).toContain('>8,000</text>');
  expect(svg).toContain('<title>Rate &#38; time</title>');
});

test('the rate of each part, where tasks of one commit end in the same moment', () => {
  const parts = [
    { atMs: 1100, tasks: 50 },
    { atMs: 1100, tasks: 50 },
    { atMs: 1200, tasks: 50 },
    { atMs: 1400, tasks: 50 },
  ];
  expect(ratesOf(1000, parts)).toEqual([
    [50, 500],
    [150, 1000],
    [200, 250],
  ]);
});

test('a scenario that is measured again takes the place of its former figures, and of no others', () => {
  const [w6, w9b, again] = [
    { ...recorded, scenario: 'W6' },
    { ...recorded, scenario: 'W9B' },
    { ...recorded, commit: 'def5678' },
  ];
  expect(merged([w9b, recorded, w6], [again]).map(({ scenario, commit }) => `${scenario} ${commit}`)).toEqual([
    'W6 abc1234',
    'W7 def5678',
    'W9B abc1234',
  ]);
  expect(blockFor([{ ...recorded, note: 'beside a build' }])).toContain('| 2027-01-02, abc1234, beside a build |');
  const block = blockFor([recorded]);
  expect(block).toContain(
    '| W7 | 0.1, once | last to first | 0.95 | at least 0.9 | 2027-01-02, abc1234 |\n|  |  | stored | 56,438 tasks a second |  |  |',
  );
  expect(block).toContain('![Rate & time](images/w7-rate.svg)');
});

test('several runs of a scenario are told by the median of each figure, its least and its most', () => {
  const runs = [900, 1200, 1000].map((value) => ({ figures: [{ name: 'stored', value, unit: 'tasks a second' }], curves: recorded.curves }));
  const measured = medians([runs[0]!, ...runs.slice(1)]);
  expect(measured).toEqual({
    figures: [{ name: 'stored', value: 1000, unit: 'tasks a second', spread: [900, 1200] }],
    curves: recorded.curves,
  });
  expect(medians([runs[0]!])).toEqual(runs[0]);
  expect(told({ name: 'lost', value: 0, unit: 'tasks', spread: [0, 0] })).toBe('0 tasks');
  expect(told({ name: 'well', value: 99.991, unit: '%', spread: [99.99, 100] })).toBe('99.99 % (99.99 to 100)');
  expect(blockFor([{ ...recorded, ...measured, runs: 3 }])).toContain('| W7 | 0.1, 3 runs | stored | 1,000 tasks a second (900 to 1,200) |');
});
