/** The heartbeat's thread, in real processes of the compiled program. */
import path from 'node:path';
import { createClient } from 'redis';
import { freshPrefix, redisUrl } from '../../harness/services';
import { startProcess, type Running } from '../../harness/processes';
import { until } from '../../harness/until';
import { openWorld, type RedisWorld } from './world';

const LEASE = '1600';

let world: RedisWorld;
let prefix: string;
beforeEach(async () => {
  prefix = freshPrefix().keys;
  world = await openWorld(prefix);
});
afterEach(async () => {
  await world.close();
});

const hold = async (workerId: string, allowanceMs = '0'): Promise<{ process: Running; session: string }> => {
  const process = await startProcess({ script: path.join(__dirname, 'holder.cjs'), args: [redisUrl, prefix, LEASE, '200', workerId, allowanceMs] });
  const [, session] = await process.line(/^open (\S+)$/m);
  return { process, session: session! };
};
const shown = async (session: string) => (await world.roster.read()).workers.find((worker) => worker.session === session);
/** What a takeover does to the old session. */
const endInRedis = async (session: string): Promise<void> => {
  const client = createClient({ url: redisUrl });
  await client.connect();
  await client.hDel(`${prefix}sessions`, session);
  await client.close();
};

test('keeps a session alive whose main loop stands still, and shows no free slots meanwhile', async () => {
  const { process, session } = await hold('w');
  expect((await shown(session))?.freeSlots).toBe(7);
  const began = (await shown(session))!.lastHeartbeatAt;
  globalThis.process.kill(process.pid, 'SIGUSR2');
  await process.line(/blocking/);
  await until(async () => (await shown(session))?.freeSlots === 0, { what: 'no free slots' });
  const stalled = await shown(session);
  expect(stalled!.lastHeartbeatAt - began).toBeGreaterThan(1_500);
  expect(stalled!.held).toBe(1);
  await until(async () => (await shown(session))!.lastHeartbeatAt > stalled!.lastHeartbeatAt + 2 * Number(LEASE), {
    what: 'more heartbeats than a lease has',
  });
  await process.kill();
});

test('kills the process when the lease is over, work is held, and the main loop cannot be told', async () => {
  const { process, session } = await hold('w');
  globalThis.process.kill(process.pid, 'SIGUSR2');
  await process.line(/blocking/);
  await endInRedis(session);
  expect(await process.exited).toEqual({ code: null, signal: 'SIGKILL' });
});

test('kills the process when its main loop stands still past the hard limit of a task in it', async () => {
  const { process, session } = await hold('w', '3000');
  // Longer than that, but the loop turns.
  const began = (await shown(session))!.lastHeartbeatAt;
  await until(async () => (await shown(session))!.lastHeartbeatAt > began + 4_000, { what: 'heartbeats for 4 s' });
  const blockedAt = performance.now();
  globalThis.process.kill(process.pid, 'SIGUSR2');
  expect(await process.exited).toEqual({ code: null, signal: 'SIGKILL' });
  expect(performance.now() - blockedAt).toBeGreaterThan(2_500);
});

test('tells the main loop when the lease is over, and leaves the process alone', async () => {
  const { process, session } = await hold('w');
  await endInRedis(session);
  await process.line(/^ended another session took over/m);
  await until(() => process.output().includes('ended'), { what: 'the end' });
  await process.terminate();
  expect(await process.exited).toEqual({ code: 0, signal: null });
});

test('a process that slept through its lease learns of it when it wakes, and its names are free', async () => {
  const { process, session } = await hold('w');
  process.suspend();
  await until(async () => (await shown(session)) === undefined, { what: 'the end of the lease' });
  const overAt = performance.now();
  const { session: next, process: other } = await hold('w');
  expect(next).not.toBe(session);
  // One that wakes within 200 ms of its lease's end can't be told from one that stands still, and is ended.
  await until(() => performance.now() - overAt > 300, { what: 'a wake-up that is surely late' });
  process.resume();
  await process.line(/^ended /m);
  expect(await shown(next)).toBeDefined();
  await other.terminate();
  await process.kill();
});

test('goes on through a loss of memory, and says so', async () => {
  const { process, session } = await hold('w');
  await world.forget();
  await process.line(/^forgotten$/m);
  await until(async () => (await world.roster.read()).trusted, { what: 'the end of the grace' });
  expect((await shown(session))?.freeSlots).toBe(7);
  await process.terminate();
  expect(await shown(session)).toBeUndefined();
});
