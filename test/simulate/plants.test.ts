/** What docs/testing.md says of the planted bugs is what was found, of each of them. */
import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';

const folder = path.join(__dirname, 'plants');
const patches = readdirSync(folder)
  .filter((file) => file.endsWith('.patch'))
  .map((file) => file.replace(/\.patch$/, ''))
  .sort();
const found = JSON.parse(readFileSync(path.join(folder, 'found.json'), 'utf8')) as Readonly<Record<string, number>>;

test('each planted bug is found within 2,000 seeds', () => {
  expect(patches.length).toBeGreaterThanOrEqual(15);
  expect(Object.keys(found).sort()).toEqual(patches);
  expect(Object.entries(found).filter(([, seeds]) => !(seeds >= 1 && seeds <= 2000))).toEqual([]);
});

test('docs/testing.md lists each with the number of its seeds', () => {
  const page = readFileSync(path.join(__dirname, '../../docs/testing.md'), 'utf8');
  const [, table = ''] = page.split('| bug | seeds |\n|---|---|\n');
  const listed = table
    .slice(0, table.indexOf('\n\n'))
    .split('\n')
    .map((line) => line.split('|').map((cell) => cell.trim()));
  expect(Object.fromEntries(listed.map(([, bug, seeds]) => [bug!.replaceAll(' ', '-'), Number(seeds)]))).toEqual(found);
});
