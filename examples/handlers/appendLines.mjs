/**
 * Appends a line to a file for each task. Many tasks share a call: each file is written and synced once for all of them.
 *
 *   payload: {"output": "out.txt", "line": "some text"}
 *   result:  {"bytes": 10}
 */
import { open } from 'node:fs/promises';

export const batch = { maxSize: 500, maxWaitMs: 20 };

const append = async (file, lines) => {
  const output = await open(file, 'a');
  try {
    await output.write(lines.join(''));
    await output.datasync();
  } finally {
    await output.close();
  }
};

const problemOf = ({ payload, signal }) => {
  if (signal.aborted) return new Error('it was cancelled, or its time is over');
  if (typeof payload?.output === 'string' && typeof payload.line === 'string') return undefined;
  return Object.assign(new Error('the payload must be {output, line}, both texts'), { retryable: false });
};

export default (contexts) => {
  const problems = contexts.map(problemOf);
  const linesOf = new Map();
  contexts.forEach(({ payload }, i) => {
    if (problems[i] !== undefined) return;
    if (!linesOf.has(payload.output)) linesOf.set(payload.output, []);
    linesOf.get(payload.output).push(`${payload.line}\n`);
  });
  const written = new Map([...linesOf].map(([file, lines]) => [file, append(file, lines)]));
  // An Error, or a promise that rejects, fails its own task alone.
  return contexts.map(({ payload }, i) => problems[i] ?? written.get(payload.output).then(() => ({ bytes: Buffer.byteLength(payload.line) })));
};
