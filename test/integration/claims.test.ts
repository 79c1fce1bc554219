/** Claims that dead sessions left behind, on real processes: found by the doctor, freed by a repair or by the process that leads, and no others. */
import { createClient } from 'redis';
import type { DagId } from '../../src/core/ids';
import type { AbandonedClaim } from '../../src/ports/leases';
import { createRedisLockService, type RedisLockService } from '../../src/adapters/redis/lockService';
import { clock, heartbeatHere } from '../adapters/redis/world';
import { roundOf } from '../contract/claimAudit';
import { describedAs, vitalsOf } from '../contract/leases';
import { atEnd } from '../harness/cleanup';
import { freePort } from '../harness/ports';
import { startProcess } from '../harness/processes';
import { openProxy } from '../harness/proxy';
import { redisUrl } from '../harness/services';
import { type RealStack, startRealStack } from '../harness/stacks';
import { until } from '../harness/until';

let stack: RealStack;
let leases: RedisLockService;
let prefix: string;

beforeAll(async () => {
  stack = await startRealStack({ workers: 1, env: { LOG_LEVEL: 'info' } });
  prefix = stack.env['REDIS_PREFIX']!;
  const startHeartbeat = heartbeatHere(new Map());
  leases = createRedisLockService({ url: redisUrl, prefix, clock, leaseMs: 1600, heartbeatMs: 400, startHeartbeat, onError: () => undefined });
  await leases.start();
  atEnd(() => leases.stop());
}, 90_000);

const redis = async <T>(use: (client: ReturnType<typeof createClient>) => Promise<T>): Promise<T> => {
  const client = createClient({ url: redisUrl });
  await client.connect();
  try {
    return await use(client as ReturnType<typeof createClient>);
  } finally {
    await client.close();
  }
};

const LEAD = 'lead:duties';
/** While somebody else has the lead no process here does the duty; what it has left of its own lead is over soon. */
const takeLead = async (): Promise<void> => {
  await redis((client) => client.set(`${prefix}${LEAD}`, '1 nobody', { expiration: { type: 'PX', value: 600_000 } }));
  await until(() => /"fence":null/.test(stack.scheduler.stdout()), { what: 'the scheduler to know that it does not lead' });
};
const giveLead = (): Promise<unknown> => redis((client) => client.del(`${prefix}${LEAD}`));

const dts = async (...args: string[]) => {
  const running = await startProcess({ script: 'dist/cli/main.js', args: ['--url', stack.url, ...args] });
  const { code } = await running.exited;
  return { code, out: running.stdout(), err: running.stderr() };
};
const submit = async (durationMs: number): Promise<DagId> => {
  const tasks = [{ taskName: 'only', type: 'API_CALL', simulate: { durationMs, failureRate: 0 } }];
  return (await stack.api.submit({ dagName: `of ${String(durationMs)} ms`, tasks })).dagId as DagId;
};
const rowOf = async (dag: DagId) =>
  (
    await stack.sql<{ status: string; session: string | null; dispatch: number }>('SELECT status, session, dispatch FROM tasks WHERE dag_id = $1', [
      dag,
    ])
  )[0]!;
const untilIs = (dag: DagId, status: string) => until(async () => (await rowOf(dag)).status === status, { what: `${dag} to be ${status}` });
/** As if it had been over for two minutes. */
const age = (dag: DagId) =>
  stack.sql(`UPDATE tasks SET (queued_at, started_at, completed_at) = (NULL, NULL, now() - interval '2 minutes') WHERE dag_id = $1`, [dag]);

const abandoned = (): Promise<AbandonedClaim[]> => roundOf(leases.claimAudit);
/** A claim of a session that is over by now. */
const plant = async (workerId: string, dag: DagId, dispatch: number): Promise<AbandonedClaim> => {
  const session = await leases.sessions.open(describedAs(workerId), vitalsOf());
  const claim = { dag, task: 0, dispatch };
  expect(await leases.claims.claim(session.id, [claim])).toMatchObject([{ kind: 'granted' }]);
  await session.close();
  return { ...claim, session: session.id };
};

/** A worker that can't reach Redis any more tells the log what it has done, and dies before it can turn its claim into a tombstone. */
const diedBeforeItsTombstone = async (): Promise<AbandonedClaim> => {
  const { hostname, port } = new URL(redisUrl);
  const proxy = await openProxy(await freePort(), Number(port || 6379));
  await stack.api.drainWorker('worker-1', { stay: true });
  const doomed = await stack.startWorker('doomed', { env: { REDIS_URL: `redis://${hostname}:${String(proxy.port)}` } });
  const dag = await submit(3000);
  await untilIs(dag, 'RUNNING');
  const { session, dispatch } = await rowOf(dag);
  proxy.silence();
  await untilIs(dag, 'COMPLETED');
  await doomed.kill();
  await proxy.close();
  await stack.api.resumeWorker('worker-1');
  return { dag, task: 0, dispatch, session: session! };
};

test('what a worker leaves that dies between report and tombstone is found, and freed by a repair that tells who asked', async () => {
  await takeLead();
  const left = await diedBeforeItsTombstone();
  await until(async () => (await abandoned()).length === 1, { what: 'the end of its lease' });
  expect(await abandoned()).toEqual([left]);
  // Too fresh: whoever leads would have freed it.
  expect(await dts('doctor')).toMatchObject({ code: 0 });
  await age(left.dag);
  const found = await dts('doctor');
  process.stdout.write(found.out);
  expect(found.code).toBe(1);
  expect(found.out).toContain(`the session ${left.session}, which is over, still holds dispatch 1 of task 0 of DAG ${left.dag}`);
  expect(await abandoned()).toEqual([left]);
  expect(await dts('doctor', '--repair', '--by', 'ann', '--reason', 'ticket 7')).toMatchObject({ code: 0, err: 'repaired claims: 1\n' });
  expect(await abandoned()).toEqual([]);
  await stack.scheduler.line(/"event":"audit.repaired".*"claims":1.*"by":"ann","reason":"ticket 7"/);
}, 120_000);

test('whoever leads frees it soon, and never what lives or what a row still needs', async () => {
  await takeLead();
  const running = await submit(20_000);
  await untilIs(running, 'RUNNING');
  const { session } = await rowOf(running);
  await stack.api.pauseGate({ scope: 'type', name: 'API_CALL' });
  const waiting = await submit(20);
  await untilIs(waiting, 'QUEUED');
  const ended = await submit(20);
  await stack.api.cancel(ended);
  await untilIs(ended, 'CANCELLED');
  const needed = await plant('ghost 1', waiting, 1);
  const left = await plant('ghost 2', ended, 5);
  expect((await abandoned()).map(({ dag }) => dag).sort()).toEqual([waiting, ended].sort());
  const givenAt = Date.now();
  await giveLead();
  await until(async () => !(await abandoned()).some(({ dag }) => dag === left.dag), { what: 'it to be freed', timeoutMs: 20_000, everyMs: 50 });
  process.stdout.write(`freed ${String(Date.now() - givenAt)} ms after the lead was free\n`);
  await stack.scheduler.line(/"event":"claims.freed","count":1/);
  expect(await redis((client) => client.get(`${prefix}c:${ended}/0`))).toMatch(/^R 5 \d+ \S+ \d+$/);
  // Several rounds later.
  expect(await dts('doctor')).toMatchObject({ code: 0 });
  expect(await abandoned()).toEqual([needed]);
  expect(await leases.ledger.holders([{ dag: running, task: 0, dispatch: 1 }])).toEqual([{ kind: 'held', session }]);
  await stack.api.resumeGate({ scope: 'type', name: 'API_CALL' });
  expect([(await stack.api.wait(waiting)).status, (await stack.api.wait(running)).status]).toEqual(['COMPLETED', 'COMPLETED']);
  expect(await abandoned()).toEqual([]);
}, 120_000);

test('what was being cancelled when its worker died is soon over, and its claim is freed', async () => {
  const worker = stack.workers[0]!;
  const dag = await submit(60_000);
  await untilIs(dag, 'RUNNING');
  worker.suspend();
  await stack.api.cancel(dag);
  expect((await rowOf(dag)).status).toBe('CANCELLING');
  await worker.kill();
  const killedAt = Date.now();
  await untilIs(dag, 'CANCELLED');
  const overMs = Date.now() - killedAt;
  await until(async () => (await abandoned()).length === 0, { what: 'its claim to be freed', timeoutMs: 10_000, everyMs: 50 });
  process.stdout.write(`cancelled ${String(overMs)} ms after its worker was killed, its claim freed after ${String(Date.now() - killedAt)} ms\n`);
  expect(await redis((client) => client.get(`${prefix}c:${dag}/0`))).toMatch(/^R 1 \d+ worker-1\S+ 2$/);
  // A third of what the doctor allows.
  expect(overMs).toBeLessThan(10_000);
}, 60_000);
