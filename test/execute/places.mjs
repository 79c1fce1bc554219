/** A handler that behaves as its payload says, in a thread or a process of its own. */
import { spawn } from 'node:child_process';
import { writeSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';

const until = (signal) => new Promise((resolve) => signal.addEventListener('abort', resolve));

const behaviours = {
  echo: ({ task, payload, upstream, restored, attempt, fence }) => ({ task, payload, upstream, restored, attempt, fence: String(fence) }),
  where: () => ({ pid: process.pid, ppid: process.ppid }),
  yield: async ({ signal, logger }) => {
    logger.info('waiting');
    await until(signal);
    throw new Error('stopped');
  },
  finish: async ({ signal, logger }) => {
    logger.info('waiting');
    await until(signal);
    return 'done all the same';
  },
  spin: ({ logger }) => {
    logger.info('spinning');
    for (;;);
  },
  ignore: ({ logger }) => {
    logger.info('ignoring');
    return sleep(3_600_000);
  },
  'return late': ({ attempt, payload }) => (attempt === 1 ? sleep(payload.ms, 'late') : 'in time'),
  'start another': ({ logger }) => {
    const { pid } = spawn('sleep', ['3600'], { stdio: 'inherit' });
    logger.info('started', { pid });
    return sleep(3_600_000);
  },
  keep: async ({ checkpoint, progress, logger }) => {
    progress(0.5, 'half');
    await checkpoint({ line: 7 });
    logger.warn('kept', { line: 7 });
    return 'kept';
  },
  'keep too much': ({ checkpoint }) => checkpoint('x'.repeat(1000)),
  eat: () => {
    const all = [];
    for (;;) all.push(new Array(100_000).fill({}));
  },
  leave: () => process.exit(7),
  kill: () => process.kill(process.pid, 'SIGKILL'),
  throw: () => {
    throw Object.assign(new TypeError('wrong'), { code: 'E_WRONG', retryable: false, retryAfterSeconds: 3 });
  },
  'throw later': () => {
    setTimeout(() => {
      throw new Error('nobody catches this');
    });
    return sleep(3_600_000);
  },
  'reject later': () => {
    void Promise.reject(new Error('nobody awaits this'));
    return sleep(3_600_000);
  },
  'print at the end': async ({ logger }) => {
    await sleep(300);
    logger.info('soon over');
    await sleep(300);
    writeSync(1, 'last words\n');
  },
  large: () => 'x'.repeat(1000),
};

export default async (context) => behaviours[context.payload.does](context);
