/** Notes when it begins and ends, in a file that outlives its process: a line is written whole or not at all. */
import { appendFileSync } from 'node:fs';
import { setTimeout as pause } from 'node:timers/promises';

export default async ({ payload: { file, ms, dag }, fence }) => {
  const note = (what) => appendFileSync(file, `${JSON.stringify({ what, pid: process.pid, fence: String(fence), dag, at: Date.now() })}\n`);
  note('begin');
  await pause(ms);
  note('end');
};
