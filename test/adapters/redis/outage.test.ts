/** What callers see of a Redis that is frozen, gone, or back again: a TCP proxy stands in between. */
import { NOTHING_WAITS } from '../../../src/core/standing';
import net from 'node:net';
import { createRedisLockService } from '../../../src/adapters/redis/lockService';
import type { Wanted } from '../../../src/ports/leases';
import { describedAs, TASK, vitalsOf } from '../../contract/leases';
import { freshPrefix, redisUrl } from '../../harness/services';
import { until } from '../../harness/until';
import { clock, deleteKeys, heartbeatHere } from './world';

const LEASE_MS = 900;

const startProxy = async () => {
  const { hostname, port } = new URL(redisUrl);
  let state: 'open' | 'frozen' | 'refusing' = 'open';
  const sockets = new Set<net.Socket>();
  const server = net.createServer((client) => {
    sockets.add(client);
    client.on('error', () => undefined);
    if (state === 'refusing') {
      client.destroy();
      return;
    }
    const redis = net.connect(Number(port || 6379), hostname);
    sockets.add(redis);
    redis
      .on('error', () => undefined)
      .on('close', () => client.destroy())
      .on('data', (data) => {
        if (state === 'open') client.write(data);
      });
    client
      .on('close', () => redis.destroy())
      .on('data', (data) => {
        if (state === 'open') redis.write(data);
      });
  });
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve);
  });
  const cut = (): void => {
    for (const socket of sockets) socket.destroy();
  };
  return {
    url: `redis://127.0.0.1:${String((server.address() as net.AddressInfo).port)}`,
    become: (next: typeof state) => {
      state = next;
      if (next === 'refusing') cut();
    },
    close: async () => {
      cut();
      await new Promise((resolve) => {
        server.close(resolve);
      });
    },
  };
};

const open = async () => {
  const { keys } = freshPrefix();
  const proxy = await startProxy();
  const beating = new Map<string, { stop(): Promise<void> }>();
  const forgotten: string[] = [];
  const serviceAt = (url: string) =>
    createRedisLockService({
      url,
      prefix: keys,
      clock,
      leaseMs: LEASE_MS,
      heartbeatMs: 200,
      startHeartbeat: heartbeatHere(beating, url),
      onForgotten: (session) => {
        forgotten.push(session);
      },
      onError: () => undefined,
    });
  const service = serviceAt(proxy.url);
  await service.start();
  await until(async () => (await service.roster.read()).trusted, { what: 'the end of the first grace' });
  const close = async (): Promise<void> => {
    await Promise.all([...beating.values()].map((each) => each.stop()));
    await service.stop();
    await proxy.close();
    await deleteKeys(keys);
  };
  return { proxy, service, forgotten, serviceAt, close };
};

test.each(['frozen', 'refusing'] as const)('while Redis is %s calls reject soon, and work again afterwards', async (state) => {
  const { proxy, service, close } = await open();
  proxy.become(state);
  const began = performance.now();
  const calls = await Promise.allSettled([
    service.roster.read(),
    service.roster.ping(),
    service.claims.claim('s', [{ ...TASK, dispatch: 1 }]),
    service.precedence.publish('a', NOTHING_WAITS),
    service.sessions.open(describedAs('w'), vitalsOf()),
  ]);
  expect(performance.now() - began).toBeLessThan(3_000);
  for (const call of calls) expect(call).toMatchObject({ status: 'rejected', reason: { code: 'LEASES_UNAVAILABLE' } });
  proxy.become('open');
  await until(() => service.roster.ping().then(() => true), { what: 'Redis to be back' });
  await service.sessions.open(describedAs('w'), vitalsOf());
  await close();
});

test('a session outlives a cut connection, and ends when Redis is away for longer than its lease', async () => {
  const { proxy, service, close } = await open();
  const session = await service.sessions.open(describedAs('w'), vitalsOf());
  await session.announce();
  const beatAt = async (): Promise<number> => (await service.roster.read()).workers[0]!.lastHeartbeatAt;
  const first = await beatAt();
  proxy.become('refusing');
  proxy.become('open');
  await until(async () => (await beatAt()) > first + 900, { what: 'heartbeats for longer than a lease' });
  expect(session.ended.aborted).toBe(false);
  proxy.become('frozen');
  await until(() => session.ended.aborted, { what: 'the end of the lease' });
  expect(String(session.ended.reason)).toMatch(/^the lease ended/);
  proxy.become('open');
  await close();
});

test('a session that the log speaks for outlives a Redis that is away, and nobody is given up when it is back', async () => {
  const { proxy, service, close } = await open();
  const vouched: number[] = [];
  const session = await service.sessions.open(describedAs('w'), vitalsOf(), () => {
    vouched.push(performance.now());
    return Promise.resolve();
  });
  await session.announce();
  await service.claims.claim(session.id, [{ ...TASK, dispatch: 1 }]);
  proxy.become('frozen');
  await until(() => vouched.length > 1 && vouched.at(-1)! - vouched[0]! > 2 * LEASE_MS, { what: 'words for longer than two leases' });
  proxy.become('open');
  const { workers } = await until(
    async () => {
      const read = await service.roster.read();
      return read.trusted ? read : undefined;
    },
    { what: 'a roster that proves something' },
  );
  expect(workers.map((each) => each.session)).toEqual([session.id]);
  expect(session.ended.aborted).toBe(false);
  expect(await service.ledger.holders([{ ...TASK, dispatch: 1 }])).toEqual([{ kind: 'held', session: session.id }]);
  await close();
});

test('a session that Redis gave up while only it was cut off says its names again, if the log spoke for it', async () => {
  const { proxy, service, forgotten, serviceAt, close } = await open();
  const others = serviceAt(redisUrl);
  await others.start();
  const live = async () => (await others.roster.read()).workers.length;
  const session = await service.sessions.open(describedAs('w'), vitalsOf(), () => Promise.resolve());
  await session.announce();
  expect(await live()).toBe(1);
  proxy.become('frozen');
  await until(async () => (await live()) === 0, { what: 'the end of its lease' });
  proxy.become('open');
  await until(async () => (await live()) === 1, { what: 'its return' });
  expect(session.ended.aborted).toBe(false);
  // The others see it in Redis before the answer has come back through the heartbeat's thread.
  await until(() => forgotten.length > 0, { what: 'its names to be asked for' });
  expect(forgotten).toEqual([session.id]);
  await others.stop();
  await close();
});

test('who comes back after its lease is refused what was withdrawn meanwhile, and the next dispatch may go to another', async () => {
  const { proxy, service, serviceAt, close } = await open();
  const others = serviceAt(redisUrl);
  await others.start();
  const session = await service.sessions.open(describedAs('w'), vitalsOf(), () => Promise.resolve());
  await session.announce();
  const [first, second] = [1, 2].map((dispatch) => ({ ...TASK, dispatch })) as [Wanted, Wanted];
  // As if the answer had been lost: what the worker knows it holds, it doesn't ask for again.
  await service.claims.claim(session.id, [first]);
  proxy.become('frozen');
  await until(async () => (await others.claims.raiseFloor([second]))[0]!.kind === 'raised', { what: 'the end of its lease' });
  proxy.become('open');
  await until(async () => (await others.roster.read()).workers.length === 1, { what: 'its return' });
  expect(await service.claims.claim(session.id, [first])).toEqual([{ kind: 'stale' }]);
  expect(await others.ledger.holders([first])).toEqual([{ kind: 'absent' }]);
  const other = await others.sessions.open(describedAs('other'), vitalsOf());
  expect(await others.claims.claim(other.id, [second])).toMatchObject([{ kind: 'granted' }]);
  await others.stop();
  await close();
});

test('a service that is stopped answers at once, and stops twice', async () => {
  const { service, close } = await open();
  await service.stop();
  await expect(service.roster.ping()).rejects.toMatchObject({ code: 'LEASES_UNAVAILABLE' });
  await close();
});
