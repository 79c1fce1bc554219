/** Archives in a bucket of a real S3-compatible store, also where requests fail on the way to it. */
import {
  CreateBucketCommand,
  DeleteObjectCommand,
  GetObjectCommand,
  ListMultipartUploadsCommand,
  ListObjectsV2Command,
  S3Client,
} from '@aws-sdk/client-s3';
import { request as requestOf, createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { gunzipSync } from 'node:zlib';
import { createS3Archive, type S3ArchiveNeeds } from '../../../src/adapters/archive/s3';
import { archiveContract } from '../../contract/archive';
import { atEnd } from '../../harness/cleanup';
import { freePort } from '../../harness/ports';
import { startServiceSet } from '../../harness/serviceSet';
import { startStandalone } from '../../harness/stacks';
import { until } from '../../harness/until';

const KEY = { accessKeyId: 'archiver', secretAccessKey: 'archiver-secret' };
const BUCKET = 'archives';
const store = { port: 0 };
const endpoint = (): string => `http://127.0.0.1:${String(store.port)}`;

let client: S3Client;
beforeAll(async () => {
  store.port = await freePort();
  await startServiceSet({ name: `s3-${String(process.pid)}`, kinds: ['s3'], s3Port: store.port });
  client = new S3Client({ endpoint: endpoint(), region: 'us-east-1', credentials: KEY, forcePathStyle: true });
  atEnd(() => {
    client.destroy();
  });
  await client.send(new CreateBucketCommand({ Bucket: BUCKET }));
}, 120_000);

const retried = { count: 0 };
const archiveWith = (given: Partial<S3ArchiveNeeds> = {}) =>
  createS3Archive({
    endpoint: endpoint(),
    region: null,
    bucket: BUCKET,
    prefix: '',
    credentials: KEY,
    pathStyle: true,
    timeoutMs: 20_000,
    attempts: 3,
    onRetries: (count) => (retried.count += count),
    ...given,
  });
const namesUnder = async (prefix: string): Promise<string[]> => {
  const { Contents: contents = [] } = await client.send(new ListObjectsV2Command({ Bucket: BUCKET, Prefix: prefix }));
  return contents.map(({ Key: key }) => key!.slice(prefix.length)).sort();
};
const read = async (key: string): Promise<Buffer> => {
  const { Body: body } = await client.send(new GetObjectCommand({ Bucket: BUCKET, Key: key }));
  return Buffer.from(await body!.transformToByteArray());
};
async function* line(): AsyncGenerator<string> {
  yield await Promise.resolve('{"dag":"a"}\n');
}

describe('as any archive', () => {
  archiveContract(() =>
    Promise.resolve({
      archive: archiveWith({ prefix: 'contract/' }),
      names: () => namesUnder('contract/'),
      read: (name) => read(`contract/${name}`),
    }),
  );

  test('of an upload that broke off no parts are left in the store, which would cost and be seen by nobody', async () => {
    const left = async (): Promise<number> => (await client.send(new ListMultipartUploadsCommand({ Bucket: BUCKET }))).Uploads?.length ?? 0;
    await until(async () => (await left()) === 0, { what: 'no parts to be left', timeoutMs: 10_000 });
  });
});

type Way = (request: IncomingMessage, response: ServerResponse, pass: () => void) => void;

/** Stands before the store and passes requests on; what happens to each is decided by `way`. */
const openRelay = async (way: Way): Promise<string> => {
  const server = createServer((request, response) => {
    way(request, response, () => {
      const { url, method, headers } = request;
      const onward = requestOf({ host: '127.0.0.1', port: store.port, path: url, method, headers }, (answer) => {
        response.writeHead(answer.statusCode!, answer.headers);
        answer.pipe(response);
      });
      onward.on('error', () => response.destroy());
      request.pipe(onward);
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  atEnd(() => {
    server.closeAllConnections();
    server.close();
  });
  return `http://127.0.0.1:${String((server.address() as AddressInfo).port)}`;
};

describe('where the way to the store is bad', () => {
  /** The first two of each kind of request fail: one is refused for now, one gets no answer. */
  const twoBad = (): Way => {
    const seen = new Map<string, number>();
    return (request, response, pass) => {
      const count = (seen.get(request.method!) ?? 0) + 1;
      seen.set(request.method!, count);
      if (count === 1) request.resume().once('end', () => response.writeHead(503, { 'content-length': 0 }).end());
      else if (count > 2) pass();
    };
  };

  test('each request is tried again, for a while', async () => {
    const relay = await openRelay(twoBad());
    retried.count = 0;
    await archiveWith({ endpoint: relay, prefix: 'again/', timeoutMs: 500 }).store('a', line());
    expect(gunzipSync(await read('again/a')).toString()).toBe('{"dag":"a"}\n');
    expect(retried.count).toBe(4);
  });

  test('what fails each time is given up, and says what it was', async () => {
    const [silent, dead] = [await openRelay(() => undefined), await freePort()];
    const started = performance.now();
    await expect(archiveWith({ endpoint: silent, attempts: 2, timeoutMs: 300 }).store('no', line())).rejects.toThrow(/requestTimeout/);
    expect(performance.now() - started).toBeLessThan(5_000);
    await expect(archiveWith({ endpoint: `http://127.0.0.1:${String(dead)}`, attempts: 2 }).store('no', line())).rejects.toThrow(/ECONNREFUSED/);
    const wrong = { accessKeyId: 'archiver', secretAccessKey: 'another' };
    await expect(archiveWith({ credentials: wrong }).store('no', line())).rejects.toThrow(/signature/i);
    await expect(archiveWith({ bucket: 'nowhere' }).store('no', line())).rejects.toThrow(/bucket/i);
    expect(await namesUnder('no')).toEqual([]);
  });

  test('an object that is not what was sent does not count as stored', async () => {
    // Between the writing and the reading somebody takes the object away, or another one is there.
    const relay = await openRelay((request, response, pass) => {
      if (request.method !== 'GET') pass();
      else response.writeHead(200, { 'content-length': 4 }).end('what');
    });
    await expect(archiveWith({ endpoint: relay, prefix: 'other/' }).store('a', line())).rejects.toThrow(/other\/a holds 4 bytes/);
    const taking = await openRelay((request, _response, pass) => {
      if (request.method !== 'GET') pass();
      else void client.send(new DeleteObjectCommand({ Bucket: BUCKET, Key: 'gone/a' })).then(pass);
    });
    await expect(archiveWith({ endpoint: taking, prefix: 'gone/' }).store('a', line())).rejects.toThrow(/key does not exist/i);
  });
});

test('the program archives what it keeps no longer into the bucket, and removes nothing while the store is away', async () => {
  const away = { yes: true };
  const relay = await openRelay((_request, response, pass) => {
    if (away.yes) response.destroy();
    else pass();
  });
  const { api, url } = await startStandalone({
    env: {
      // A tenth of a second.
      RETENTION_COMPLETED_DAYS: '0.000001',
      RETENTION_S3_BUCKET: BUCKET,
      RETENTION_S3_PREFIX: 'program/',
      RETENTION_S3_ENDPOINT: relay,
      RETENTION_S3_ATTEMPTS: '2',
      AWS_ACCESS_KEY_ID: KEY.accessKeyId,
      AWS_SECRET_ACCESS_KEY: KEY.secretAccessKey,
    },
  });
  const { dagId } = await api.submit({
    dagName: 'gone',
    tasks: [{ taskName: 'first', type: 'NOTIFICATION', simulate: { durationMs: 5, failureRate: 0 } }],
  });
  await api.wait(dagId, { timeoutMs: 20_000 });
  const metrics = async (): Promise<string> => (await fetch(`${url}/actuator/prometheus`)).text();
  const failed = async (): Promise<boolean> => /archive_store_seconds_count\{outcome="failed"\} [1-9]/.test(await metrics());
  await until(failed, { what: 'an archive to fail', timeoutMs: 30_000 });
  expect((await fetch(`${url}/api/v1/dags/${dagId}`)).status).toBe(200);

  away.yes = false;
  const isGone = async (): Promise<boolean> => (await fetch(`${url}/api/v1/dags/${dagId}`)).status === 404;
  await until(isGone, { what: 'the DAG to be gone', timeoutMs: 30_000 });
  const [name, ...others] = await namesUnder('program/');
  expect([name, others]).toEqual([expect.stringMatching(new RegExp(`^dags-\\d{4}-\\d\\d-\\d\\d-${dagId}-[0-9a-f]{16}\\.ndjson\\.gz$`)), []]);
  const lines = gunzipSync(await read(`program/${name!}`))
    .toString('utf8')
    .trim()
    .split('\n');
  expect(lines.map((one) => (JSON.parse(one) as { table: string }).table)).toEqual(['dags', 'tasks']);
  const text = await metrics();
  expect(text).toMatch(/archive_store_seconds_count\{outcome="stored"\} 1/);
  expect(text).toMatch(/archive_retries_total [1-9]/);
}, 120_000);
