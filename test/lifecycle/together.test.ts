import type { Service } from '../../src/lifecycle/service';
import { together } from '../../src/lifecycle/together';

const recorded = (log: string[], name: string, fails: { readonly start?: string; readonly stop?: string } = {}): Service => ({
  name,
  start: () => {
    log.push(`+${name}`);
    return fails.start === undefined ? Promise.resolve() : Promise.reject(new Error(fails.start));
  },
  stop: () => {
    log.push(`-${name}`);
    return fails.stop === undefined ? Promise.resolve() : Promise.reject(new Error(fails.stop));
  },
});

test('starts in order and stops in reverse', async () => {
  const log: string[] = [];
  const all = together('all', [recorded(log, 'a'), recorded(log, 'b'), recorded(log, 'c')]);
  await Promise.all([all.start(), all.start()]);
  expect(log).toEqual(['+a', '+b', '+c']);
  log.length = 0;
  await Promise.all([all.stop(), all.stop()]);
  expect(log.slice(-3)).toEqual(['-c', '-b', '-a']);
});

test('stops what was started when one fails to start', async () => {
  const log: string[] = [];
  const all = together('all', [recorded(log, 'a'), recorded(log, 'b', { start: 'port taken' }), recorded(log, 'c')]);
  await expect(all.start()).rejects.toThrow('port taken');
  expect(log.slice(0, 2)).toEqual(['+a', '+b']);
  expect(log.at(-1)).toBe('-a');
  expect(log).not.toContain('+c');
  await expect(all.start()).rejects.toThrow('port taken');
});

test('a stop ends a start that waits for something that never comes', async () => {
  const log: string[] = [];
  let giveUp!: (error: Error) => void;
  const waiting: Service = {
    name: 'waiting',
    start: () =>
      new Promise((_resolve, reject) => {
        giveUp = reject;
      }),
    stop: () => {
      giveUp(new Error('given up'));
      return Promise.resolve();
    },
  };
  const all = together('all', [recorded(log, 'a'), waiting, recorded(log, 'c')]);
  const started = all.start();
  started.catch(() => undefined);
  await new Promise((resolve) => setImmediate(resolve));
  await all.stop();
  await expect(started).rejects.toThrow('given up');
  expect(log).toEqual(['+a', '-a']);
});

test('one that fails to stop keeps none of the others alive', async () => {
  const log: string[] = [];
  const all = together('all', [recorded(log, 'a'), recorded(log, 'b', { stop: 'stuck' })]);
  await all.start();
  await expect(all.stop()).rejects.toThrow('stuck');
  expect(log.at(-1)).toBe('-a');
});
