/**
 * A handler of batches that writes a line for each of its calls into the file that its tasks name: what it got, and when it was through.
 *   payload: {"witness": "calls.txt", "bad": "always" | "once", "callMs": 20}
 */
import { appendFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';

export const batch = { maxSize: 100, maxWaitMs: 50 };

const outcomeOf = ({ payload: { bad }, attempt, task }) => {
  if (bad === 'always') return new Error(`${task.name} is bad`);
  return bad === 'once' && attempt === 1 ? Promise.reject(new Error(`${task.name} is bad once`)) : { name: task.name, attempt };
};

export default async (contexts) => {
  const { witness, callMs } = contexts[0].payload;
  const say = (kind) => {
    const tasks = contexts.map(({ task, attempt }) => [task.name, attempt]);
    appendFileSync(witness, `${JSON.stringify({ kind, pid: process.pid, tasks })}\n`);
  };
  say('began');
  await sleep(callMs);
  say('ended');
  return contexts.map(outcomeOf);
};
