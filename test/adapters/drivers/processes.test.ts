/** Processes of the local driver that are really started: what they are told, that they outlive, and how they end. */
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { createProcessDriver } from '../../../src/adapters/drivers/processes';
import { atEnd } from '../../harness/cleanup';
import { until } from '../../harness/until';
import { argumentsOf, processesWith } from '../../harness/processesWith';

const script = path.join(__dirname, 'waiting.cjs');
const prefix = `driver-${String(process.pid)}-`;
atEnd(() => {
  for (const pid of processesWith(`--worker-id=${prefix}`)) process.kill(pid, 'SIGKILL');
});

const open = (live: readonly string[] = []) => {
  const failed: string[] = [];
  const driver = createProcessDriver({
    script,
    args: ['--config-dir=/somewhere'],
    ask: (id) => Promise.resolve(live.includes(id)),
    onFailed: (id, how) => failed.push(`${id}: ${how}`),
  });
  return { driver, failed };
};
const running = (id: string): number[] => processesWith(`--worker-id=${prefix}${id}`);

test('a worker is a process of its own session with a name and a free port', async () => {
  const { driver } = open();
  expect(await driver.start([`${prefix}1`], 1)).toBe(`started ${prefix}1`);
  const [pid] = await until(() => (running('1').length === 1 ? running('1') : undefined), { what: 'the process' });
  expect(argumentsOf(pid!).slice(2)).toEqual(['--role=worker', `--worker-id=${prefix}1`, '--port=0', '--config-dir=/somewhere']);
  const [, , group, session] = readFileSync(`/proc/${String(pid)}/stat`, 'utf8')
    .replace(/^.*\) /, '')
    .split(' ');
  expect([group, session]).toEqual([String(pid), String(pid)]);
});

test('one that has no session yet is ended by its signal; one that has is asked alone', async () => {
  const { driver, failed } = open([`${prefix}3`]);
  await driver.start([`${prefix}2`, `${prefix}3`], 2);
  await until(() => running('2').length === 1 && running('3').length === 1, { what: 'both processes' });
  // Its handler of the signal is there a moment later than the process.
  await until(
    async () => {
      await driver.leave([`${prefix}2`, `${prefix}3`], 0);
      return running('2').length === 0;
    },
    { what: 'the second one to end' },
  );
  expect(running('3')).toHaveLength(1);
  expect(failed.filter((line) => !line.endsWith('it was ended by SIGTERM'))).toEqual([]);
});

test('one that dies is told of', async () => {
  const { driver, failed } = open();
  await driver.start([`${prefix}4`], 1);
  const [pid] = await until(() => (running('4').length === 1 ? running('4') : undefined), { what: 'the process' });
  process.kill(pid!, 'SIGKILL');
  await until(() => failed.length > 0, { what: 'the word of its end' });
  expect(failed).toEqual([`${prefix}4: it was ended by SIGKILL`]);
});

test('what can not be started rejects', async () => {
  const driver = createProcessDriver({ script: 'x\0y', args: [], ask: () => Promise.resolve(false), onFailed: () => undefined });
  await expect(driver.start(['a'], 1)).rejects.toThrow();
});
