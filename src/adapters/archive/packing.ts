import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { createGzip } from 'node:zlib';

/** Compresses lines as fast as `take` takes them, and holds hardly any meanwhile. Rejects with whatever fails first; `take` then sees it, too. */
export const packing = (
  lines: AsyncIterable<string>,
  take: (packed: AsyncIterable<Buffer>) => Promise<void>,
  signal: AbortSignal | undefined,
): Promise<void> => pipeline(Readable.from(lines), createGzip(), take, signal === undefined ? {} : { signal });
