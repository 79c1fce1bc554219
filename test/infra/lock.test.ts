import { execFileSync } from 'node:child_process';
import { cpSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { atEnd } from '../harness/cleanup';
import { projectRoot } from '../harness/processes';

const read = (folder: string): string => readFileSync(path.join(folder, 'package-lock.json'), 'utf8');

test('package-lock.json names no registry and every platform: npm run lock would change nothing', () => {
  const folder = mkdtempSync(path.join(tmpdir(), 'lock-'));
  atEnd(() => {
    rmSync(folder, { recursive: true });
  });
  for (const name of ['package-lock.json', 'scripts/normaliseLock.mjs']) cpSync(path.join(projectRoot, name), path.join(folder, name));
  execFileSync(process.execPath, ['scripts/normaliseLock.mjs'], { cwd: folder });
  expect(read(folder) === read(projectRoot)).toBe(true);
  expect(read(projectRoot)).not.toContain('"resolved"');
});
