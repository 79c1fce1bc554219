import { createServer, type AddressInfo } from 'node:net';
import { createCluster } from '../../../src/adapters/kafka/cluster';
import { askForBroker, createKafka } from '../../../src/adapters/kafka/connection';
import { atEnd } from '../../harness/cleanup';
import { kafkaBrokers } from '../../harness/services';

test('a connection sets no timer with a negative time, which Node 22 and newer warn of', async () => {
  const timers = jest.spyOn(globalThis, 'setTimeout');
  const cluster = createCluster(createKafka({ brokers: kafkaBrokers, clientId: 'test', onLog: () => undefined }));
  for (let n = 0; n < 5; n++) await cluster.ping();
  await cluster.close();
  const times = timers.mock.calls.map(([, ms]) => ms ?? 0);
  timers.mockRestore();
  expect(times.length).toBeGreaterThan(0);
  expect(times.filter((ms) => ms < 0)).toEqual([]);
});

test('a connection looks once a second whether a request of ten seconds is late', async () => {
  const timers = jest.spyOn(globalThis, 'setInterval');
  const cluster = createCluster(createKafka({ brokers: kafkaBrokers, clientId: 'test', onLog: () => undefined }));
  await cluster.ping();
  await cluster.close();
  const times = timers.mock.calls.map(([, ms]) => ms);
  timers.mockRestore();
  expect(times.length).toBeGreaterThan(0);
  expect(times.every((ms) => ms === 1_000)).toBe(true);
});

test('a request that is never answered is given up at its time', async () => {
  const silent = createServer();
  await new Promise<void>((resolve) => silent.listen(0, '127.0.0.1', resolve));
  atEnd(() => {
    silent.close();
  });
  const asked = performance.now();
  const { port } = silent.address() as AddressInfo;
  await expect(askForBroker({ brokers: [`127.0.0.1:${port}`], clientId: 'test' })).rejects.toMatchObject({ code: 'BROKER_UNAVAILABLE' });
  const tookMs = performance.now() - asked;
  expect(tookMs).toBeGreaterThan(1_900);
  expect(tookMs).toBeLessThan(3_500);
});
