import { existsSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import path from 'node:path';

// Every process that a test starts, and whatever that one starts, carries the run's list in its environment.
const belongsTo = (pid: number, list: string): boolean => {
  try {
    const read = (file: string): string => readFileSync(`/proc/${String(pid)}/${file}`, 'utf8');
    const isJest = read('cmdline').includes('jest');
    const isZombie = / Z /.test(read('stat'));
    return !isJest && !isZombie && read('environ').split('\0').includes(`TEST_CHILDREN_FILE=${list}`);
  } catch {
    return false; // gone meanwhile, or another user's
  }
};

const isAlive = (pid: number): boolean => {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
};

const leftBehind = (list: string): number[] => {
  if (existsSync('/proc/self/environ'))
    return readdirSync('/proc')
      .map(Number)
      .filter((pid) => pid > 0 && belongsTo(pid, list));
  return existsSync(list) ? readFileSync(list, 'utf8').split('\n').filter(Boolean).map(Number).filter(isAlive) : [];
};

/** Ends every process that a test left behind, and fails the run when there was one. */
export default function globalTeardown(): void {
  const list = process.env['TEST_CHILDREN_FILE'];
  if (list === undefined || !existsSync(path.dirname(list))) return;
  const left = leftBehind(list);
  for (const pid of left) process.kill(pid, 'SIGKILL');
  rmSync(path.dirname(list), { recursive: true, force: true });
  if (left.length > 0) throw new Error(`tests left processes behind, ended now: ${left.join(', ')}`);
}
