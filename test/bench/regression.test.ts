/** When the check of regressions holds, and with which commit it compares. The check itself is a gate of .ci/run. */
import { execFileSync, spawnSync } from 'node:child_process';
import { cpSync, existsSync, mkdtempSync, readFileSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { commitIn } from '../../bench/record';
import { judge } from '../../bench/regression/compare';
import { atEnd } from '../harness/cleanup';
import { projectRoot } from '../harness/processes';

const compared = (own: readonly number[], others: readonly number[], most = 1.25) => ({ figure: 'W1B, time', other: 'before', own, others, most });

test('the quieter rounds tell: what disturbed some of either build makes no difference', () => {
  const before = [100, 104, 101, 900, 102, 103, 99, 300];
  expect(judge(compared([101, 500, 103, 100, 700, 102, 105, 104], before))).toMatchObject({ ratio: 1.01, holds: true });
  expect(judge(compared([131, 132, 129, 130, 140, 128, 600, 131], before))).toMatchObject({ ratio: 1.29, holds: false });
  expect(judge(compared([50, 51], [100, 100]))).toMatchObject({ ratio: 0.5, holds: true });
});

test('the bound itself still holds', () => {
  expect(judge(compared([125], [100])).holds).toBe(true);
  expect(judge(compared([125.1], [100])).holds).toBe(false);
});

test('a check that measured nothing is no check that holds', () => {
  expect(() => judge(compared([], []))).toThrow('W1B, time: 0 rounds beside 0 of before');
  expect(() => judge(compared([1, 2], [1]))).toThrow('2 rounds beside 1');
  for (const nothing of [NaN, 0, -1, Infinity]) {
    expect(() => judge(compared([nothing], [1]))).toThrow('rounds without a value');
    expect(() => judge(compared([1], [nothing]))).toThrow('rounds without a value');
  }
});

test('the recorded commit is the one whose figures docs/benchmarks.md holds', () => {
  const page = readFileSync(path.join(projectRoot, 'docs/benchmarks.md'), 'utf8');
  expect(commitIn(page)).toMatch(/^[0-9a-f]{7,40}$/);
  const figures = '<!-- figures:begin -->\nMeasured on 2027-01-02 at commit abc1234. A machine.\n<!-- figures:end -->';
  expect(commitIn(`At commit 1111111 before.\n${figures}\nAnd at commit 2222222.`)).toBe('abc1234');
  expect(() => commitIn('<!-- figures:begin -->\nnone\n<!-- figures:end -->')).toThrow('the figures name no commit');
});

test('a clone without the commit to compare with fails at once, and says what is missing', () => {
  const folder = mkdtempSync(path.join(tmpdir(), 'clone-'));
  atEnd(() => {
    rmSync(folder, { recursive: true });
  });
  execFileSync('git', ['init', '--quiet', folder]);
  for (const name of ['scripts/regression.mjs', 'scripts/transpile.mjs'])
    cpSync(path.join(projectRoot, name), path.join(folder, name), { recursive: true });
  symlinkSync(path.join(projectRoot, 'node_modules'), path.join(folder, 'node_modules'));
  const missing = '0123456789abcdef0123456789abcdef01234567';
  const { status, stderr } = spawnSync(process.execPath, ['scripts/regression.mjs', '--against', missing], { cwd: folder, encoding: 'utf8' });
  expect({ status, stderr }).toEqual({ status: 1, stderr: expect.stringContaining(`NOT COMPARED: there is no commit ${missing} in this clone`) });
  expect(existsSync(path.join(folder, 'data'))).toBe(false);
});
