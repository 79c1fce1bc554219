// A process that holds a session and a task, by the compiled adapter: node holder.cjs REDIS_URL PREFIX LEASE_MS HEARTBEAT_MS WORKER_ID
// Commands on standard input would not reach a blocked loop, so that it is told by signals: SIGUSR2 blocks the main loop for good.
// With ALLOWANCE_MS at the end, a task is past its hard limit so long after the last beat.
const path = require('node:path');
const dist = path.join(__dirname, '../../../dist');
const { createRedisLockService } = require(path.join(dist, 'adapters/redis/lockService.js'));
const { systemClock } = require(path.join(dist, 'adapters/system/clock.js'));

const [url, prefix, leaseMs, heartbeatMs, workerId, allowanceMs = '0'] = process.argv.slice(2);
const service = createRedisLockService({
  url,
  prefix,
  clock: systemClock,
  leaseMs: Number(leaseMs),
  heartbeatMs: Number(heartbeatMs),
  onForgotten: () => console.log('forgotten'),
  onError: (error) => console.log('error', String(error)),
});
const cells = new Int32Array(new SharedArrayBuffer(20));
cells.set([7, 1, 0, 0, Number(allowanceMs)]);

(async () => {
  await service.start();
  const description = { workerId, host: 'h', port: 1, version: '1', region: 'r', tags: [], types: [], slots: 8 };
  const session = await service.sessions.open(description, { cells });
  await session.announce();
  session.ended.addEventListener('abort', () => console.log('ended', session.ended.reason));
  setInterval(() => Atomics.add(cells, 2, 1), 50);
  process.on('SIGUSR2', () => {
    console.log('blocking');
    for (;;);
  });
  process.on('SIGTERM', () => {
    void session
      .close()
      .then(() => service.stop())
      .then(() => process.exit(0));
  });
  console.log('open', session.id);
})().catch((error) => {
  console.log('failed', error);
  process.exit(1);
});
