import { createCluster } from '../../../src/adapters/kafka/cluster';
import { createKafka } from '../../../src/adapters/kafka/connection';
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
