/**
 * Reads a file line by line and writes one line for each into another file, exactly once, however often it is killed.
 *
 *   payload: {"input": "in.txt", "output": "out.txt", "linesPerCheckpoint": 100, "lineMs": 0}
 *   result:  {"lines": 1234}
 *
 * How: what was written counts only once a checkpoint says so. A checkpoint holds how far the input was read and how long
 * the output was then; the next attempt cuts the output back to that length and reads on from there.
 */
import { open, readFile, rename, writeFile } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';

/** Of two attempts that live at once (one was given up and doesn't know it yet), the one with the lower fence must not write. */
const takeFence = async (file, fence) => {
  const highest = await readFile(file, 'utf8').then(BigInt, () => 0n);
  if (highest > fence) throw new Error(`a later attempt has taken over (fence ${highest}, this is ${fence})`);
  if (highest === fence) return;
  await writeFile(`${file}.${fence}`, String(fence));
  await rename(`${file}.${fence}`, file);
};

/** Lines from byte `from` on, each with the offset at which the next one begins. */
const linesFrom = async function* (input, from) {
  let [offset, rest] = [from, Buffer.alloc(0)];
  for await (const chunk of input.createReadStream({ start: from, autoClose: false })) {
    rest = Buffer.concat([rest, chunk]);
    for (let end = rest.indexOf(10); end >= 0; end = rest.indexOf(10)) {
      offset += end + 1;
      yield { text: rest.toString('utf8', 0, end), next: offset };
      rest = rest.subarray(end + 1);
    }
  }
  if (rest.length > 0) yield { text: rest.toString('utf8'), next: offset + rest.length };
};

export default async ({ payload, restored, fence, signal, checkpoint, progress, logger }) => {
  const { input: from, output: to, linesPerCheckpoint = 100, lineMs = 0 } = payload;
  let { read, written, lines } = restored ?? { read: 0, written: 0, lines: 0 };
  if (lines > 0) logger.info('goes on where the last attempt was', { lines });
  const input = await open(from, 'r');
  const output = await open(to, 'a');
  try {
    const size = (await input.stat()).size;
    await takeFence(`${to}.fence`, fence);
    await output.truncate(written);
    const keep = async () => {
      await output.datasync();
      await checkpoint({ read, written, lines });
      progress(size === 0 ? 1 : read / size, `${lines} lines`);
    };
    for await (const { text, next } of linesFrom(input, read)) {
      signal.throwIfAborted();
      const effect = `${lines + 1}\t${text.length}\t${text}\n`;
      await output.write(effect);
      [read, written, lines] = [next, written + Buffer.byteLength(effect), lines + 1];
      if (lineMs > 0) await sleep(lineMs, undefined, { signal });
      if (lines % linesPerCheckpoint === 0) {
        await takeFence(`${to}.fence`, fence);
        await keep();
      }
    }
    await output.datasync();
    return { lines };
  } finally {
    await Promise.all([input.close(), output.close()]);
  }
};
