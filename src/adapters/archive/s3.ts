/** An archive in a bucket of an S3-compatible store: compressed lines, each object whole or not there, read back before it counts. */
import { createHash } from 'node:crypto';
import { Readable } from 'node:stream';
import { GetObjectCommand, S3Client } from '@aws-sdk/client-s3';
import { Upload } from '@aws-sdk/lib-storage';
import type { Archive } from '../../ports/retention';
import { packing } from './packing';

export interface S3ArchiveNeeds {
  /** Null: Amazon's own, by the region. */
  readonly endpoint: string | null;
  /** Null: as the environment or Amazon's files say it; where there is an endpoint, one that other stores don't mind. */
  readonly region: string | null;
  readonly bucket: string;
  /** What each key begins with. */
  readonly prefix: string;
  /** Null: the usual ones, by variables, files or the machine's role. */
  readonly credentials: { readonly accessKeyId: string; readonly secretAccessKey: string } | null;
  /** Whether the bucket is a part of the path, not of the host's name. */
  readonly pathStyle: boolean;
  /** The longest that one request may take, and the longest silence while an object is read. */
  readonly timeoutMs: number;
  /** Tries of each request. */
  readonly attempts: number;
  /** Told of requests that were tried again. */
  onRetries(count: number): void;
}

/** The smallest that is allowed. With one on its way and one that fills, some 15 MB are held whatever the size; 10,000 make 50 GB. */
const PART_BYTES = 5 * 1024 * 1024;
const PARTS_AT_ONCE = 1;

interface Sum {
  readonly bytes: number;
  readonly hash: string;
}

const createSum = (): { add(piece: Uint8Array): void; total(): Sum } => {
  const hash = createHash('sha256');
  let bytes = 0;
  return {
    add: (piece) => {
      hash.update(piece);
      bytes += piece.byteLength;
    },
    total: () => ({ bytes, hash: hash.digest('hex') }),
  };
};

async function* summing(pieces: AsyncIterable<Buffer>, sum: ReturnType<typeof createSum>): AsyncGenerator<Buffer> {
  for await (const piece of pieces) {
    sum.add(piece);
    yield piece;
  }
}

/** How often a request was tried stands in its answer, or in its failure. */
const triesIn = (given: unknown): number => {
  const metadata = typeof given === 'object' && given !== null && '$metadata' in given ? given.$metadata : undefined;
  const attempts = typeof metadata === 'object' && metadata !== null && 'attempts' in metadata ? metadata.attempts : undefined;
  return typeof attempts === 'number' ? attempts : 1;
};

const openClient = ({ endpoint, region, credentials, pathStyle, timeoutMs, attempts, onRetries }: S3ArchiveNeeds): S3Client => {
  const client = new S3Client({
    ...(endpoint !== null && { endpoint }),
    ...(region !== null ? { region } : endpoint !== null && { region: 'us-east-1' }),
    ...(credentials !== null && { credentials }),
    forcePathStyle: pathStyle,
    maxAttempts: attempts,
    retryMode: 'standard',
    requestHandler: { connectionTimeout: timeoutMs, requestTimeout: timeoutMs, throwOnRequestTimeout: true, socketTimeout: timeoutMs },
    // Not every store knows the newer sums; what is stored is read back and compared as a whole.
    requestChecksumCalculation: 'WHEN_REQUIRED',
    responseChecksumValidation: 'WHEN_REQUIRED',
  });
  client.middlewareStack.add(
    (next) => async (args) => {
      try {
        const answer = await next(args);
        onRetries(triesIn(answer.output) - 1);
        return answer;
      } catch (error) {
        onRetries(triesIn(error) - 1);
        throw error;
      }
    },
    { step: 'initialize', name: 'countRetries' },
  );
  return client;
};

/** Makes it; nothing is asked of the store before the first archive. The bucket must be there. */
export const createS3Archive = (needs: S3ArchiveNeeds): Archive => {
  const client = openClient(needs);
  const send = async (key: string, packed: AsyncIterable<Buffer>, signal: AbortSignal | undefined): Promise<Sum> => {
    const sum = createSum();
    const upload = new Upload({
      client,
      params: { Bucket: needs.bucket, Key: key, Body: Readable.from(summing(packed, sum)), ContentType: 'application/gzip' },
      partSize: PART_BYTES,
      queueSize: PARTS_AT_ONCE,
    });
    const abort = (): void => void upload.abort();
    // The signal outlives the upload by far.
    signal?.addEventListener('abort', abort);
    try {
      await upload.done();
    } finally {
      signal?.removeEventListener('abort', abort);
    }
    return sum.total();
  };
  const readBack = async (key: string, signal: AbortSignal | undefined): Promise<Sum> => {
    const { Body: body } = await client.send(new GetObjectCommand({ Bucket: needs.bucket, Key: key }), signal && { abortSignal: signal });
    const pieces: AsyncIterable<Uint8Array> = body as Readable;
    const sum = createSum();
    for await (const piece of pieces) sum.add(piece);
    return sum.total();
  };
  return {
    store: async (name, lines, signal) => {
      const key = `${needs.prefix}${name}`;
      const state: { sent?: Sum } = {};
      await packing(
        lines,
        async (packed) => {
          state.sent = await send(key, packed, signal);
        },
        signal,
      );
      const [sent, stored] = [state.sent!, await readBack(key, signal)];
      if (stored.bytes !== sent.bytes || stored.hash !== sent.hash)
        throw new Error(`${needs.bucket}/${key} holds ${String(stored.bytes)} bytes that aren't the ${String(sent.bytes)} that were sent`);
      return sent.bytes;
    },
  };
};
