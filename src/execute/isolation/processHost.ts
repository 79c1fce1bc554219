/** The process of an isolated handler. Started by processPlace. */
import path from 'node:path';
import { Worker } from 'node:worker_threads';
import { serve } from './host';
import type { ToPlace } from './messages';
import { killOwnGroup } from './ownGroup';

/** It must never outlive its worker, whose tasks run elsewhere then; its own loop may be busy, so that a thread watches. */
const watchParent = (): void => {
  process.on('disconnect', killOwnGroup);
  new Worker(path.join(__dirname, 'orphanWatch.js'), { workerData: { parent: process.ppid } }).unref();
};

/** The worker that is stopped lets its handlers finish; a signal to the whole group must not end them first. */
const outliveSignals = (): void => {
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => undefined);
};

if (process.send !== undefined) {
  watchParent();
  outliveSignals();
  let leaving: number | undefined;
  let unsent = 0;
  const leaveWhenSent = (): void => {
    if (leaving !== undefined && unsent === 0) process.exit(leaving);
  };
  serve(
    {
      send: (message) => {
        unsent += 1;
        process.send?.(message, undefined, {}, () => {
          unsent -= 1;
          leaveWhenSent();
        });
      },
      leave: (code) => {
        leaving = code;
        leaveWhenSent();
      },
      listen: (hear) => {
        process.on('message', (message: ToPlace) => {
          hear(message);
        });
      },
    },
    { file: process.argv[2] ?? '' },
  );
}
