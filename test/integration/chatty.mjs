/** A handler that logs and prints as its payload says. */
import { spawnSync } from 'node:child_process';
import { setTimeout as sleep } from 'node:timers/promises';

export default async ({ payload, logger, attempt, task }) => {
  const { name } = task;
  switch (payload.does) {
    case 'say':
      console.log(`${name} printed`);
      console.error('%s complained', name);
      process.stdout.write('no line end');
      logger.info(`${name} logged`, { n: 7, password: 'hunter2', headers: { Authorization: 'Bearer abc' } });
      await sleep(payload.ms ?? 20);
      console.warn('connects to postgres://ann:hunter2@db/x');
      if (payload.child) spawnSync('echo', ['a child printed'], { stdio: 'inherit' });
      return;
    case 'flood':
      for (let i = 0; i < payload.lines; i++) console.log(`line ${i} ${'x'.repeat(100)}`);
      return;
    case 'tick':
      for (let i = 0; i < payload.ticks; i++) {
        console.log(`tick ${i}`);
        await sleep(payload.ms);
      }
      return;
    case 'fail first':
      logger.warn(`attempt ${attempt} says hello`);
      if (attempt === 1) throw new Error('once');
      return;
    case 'spin':
      console.log('about to spin');
      for (;;);
    default:
      throw new Error(`nobody knows how to ${payload.does}`);
  }
};
