/** A thread beside an isolated handler's process: ends it when its worker is gone. */
import { workerData } from 'node:worker_threads';
import { killOwnGroup } from './ownGroup';

const LOOK_MS = 100;

const { parent } = (workerData ?? {}) as { parent?: number };
if (parent !== undefined) {
  setInterval(() => {
    if (process.ppid !== parent) killOwnGroup();
  }, LOOK_MS);
}
