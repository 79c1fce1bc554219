/**
 * A part of the crowd: sessions of so many workers, opened and kept by the program's own adapter, each with its own heartbeat. The heartbeats
 * share this process's loop and connection, where a worker has a thread: a scheduler sees no difference.
 */
import { createRequire } from 'node:module';
import path from 'node:path';
import { root } from '../process';

interface Heartbeat {
  readonly stop?: () => unknown;
}

/** What is used of the compiled adapter. */
interface Adapter {
  createRedisLockService(needs: object): {
    start(): Promise<void>;
    readonly sessions: { open(description: object, vitals: { readonly cells: Int32Array }): Promise<{ announce(): Promise<void> }> };
  };
  createRedisConnection(needs: object): object;
  createKeyspace(needs: object): object;
  beginHeartbeat(needs: object): Heartbeat;
  monotonicMs(): number;
  readonly systemClock: object;
}

const fromDist = createRequire(path.join(root, 'dist/main.js'));
const FILES = ['redis/lockService', 'redis/connection', 'redis/keyspace', 'redis/heartbeat', 'system/clock'];
const adapter = Object.assign({}, ...FILES.map((file) => fromDist(`./adapters/${file}.js`) as object)) as Adapter;

const [heartbeatMs, leaseMs] = [400, 1600];
const OPENED_TOGETHER = 20;
const TYPES = ['DATA_PROCESSING', 'API_CALL', 'DATABASE_OPERATION', 'FILE_PROCESSING', 'NOTIFICATION'];

const main = async (part: number, workers: number): Promise<void> => {
  const { REDIS_URL: url = '', REDIS_PREFIX: prefix = '' } = process.env;
  const clock = { ...adapter.systemClock, monotonic: adapter.monotonicMs };
  const onError = (error: unknown): void => console.error(error);
  const ask = adapter.createKeyspace({ connection: adapter.createRedisConnection({ url, clock, timeoutMs: 500, onError }), prefix, leaseMs });
  const service = adapter.createRedisLockService({
    url,
    prefix,
    clock,
    leaseMs,
    heartbeatMs,
    onError,
    startHeartbeat: (spec: object, tell: (message: { readonly kind: string }) => void) => {
      adapter.beginHeartbeat({ spec, clock, ask, tell, kill: () => process.exit(1), onError });
      return { stop: () => Promise.resolve() };
    },
  });
  await service.start();
  const all: Int32Array[] = [];
  // A heartbeat takes a main loop whose count stands still for one that is stuck.
  setInterval(() => {
    for (const cells of all) Atomics.add(cells, 2, 1);
  }, 100);
  const open = async (i: number): Promise<void> => {
    const cells = new Int32Array(new SharedArrayBuffer(20));
    cells.set([100, 0, 0, 0, 0]);
    all.push(cells);
    const described = { workerId: `crowd-${part}-${i}`, host: 'bench', port: 1, version: '0', region: 'default', tags: [], types: TYPES, slots: 100 };
    await (await service.sessions.open(described, { cells })).announce();
  };
  for (let i = 0; i < workers; i += OPENED_TOGETHER)
    await Promise.all(Array.from({ length: Math.min(OPENED_TOGETHER, workers - i) }, (_, j) => open(i + j)));
};

main(Number(process.argv[2]), Number(process.argv[3])).catch((error: unknown) => {
  console.error(error);
  process.exit(1);
});
