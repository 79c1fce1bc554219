/** Takes `firstMs` where nobody began this before, else `nextMs`; notes when it begins and how it ends in a file that outlives its process. */
import { appendFileSync, openSync } from 'node:fs';
import { setTimeout as pause } from 'node:timers/promises';

const isFirst = (file) => {
  try {
    openSync(file, 'wx');
    return true;
  } catch {
    return false;
  }
};

export default async ({ task: { taskId }, payload: { folder, mark, firstMs, nextMs }, fence, signal }) => {
  const first = mark !== undefined && isFirst(`${folder}/${mark}.first`);
  const note = (what) =>
    mark === undefined ||
    appendFileSync(`${folder}/${mark}`, `${JSON.stringify({ what, first, pid: process.pid, taskId, fence: String(fence), at: Date.now() })}\n`);
  note('begin');
  try {
    await pause(first ? firstMs : nextMs, undefined, { signal });
  } catch (error) {
    note('aborted');
    throw error;
  }
  note('end');
  return first ? 'the first' : 'another';
};
