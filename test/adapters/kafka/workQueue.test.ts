import { orderFor, workQueueContract } from '../../contract/workQueue';
import type { WorkOrder } from '../../../src/ports/transport';
import { namesOf, openWorld } from './world';

describe('the work queue on Kafka', () => {
  workQueueContract(() => openWorld());
});

test('an inbox that another process added is sent to at once', async () => {
  const topics = namesOf();
  const [sender, worker] = [await openWorld(topics), await openWorld(topics)];
  await sender.queue.send(new Map([[0, [orderFor('first', 1)]]]));
  await worker.queue.provide(4);
  const got: WorkOrder[] = [];
  const inbox = await worker.queue.receive(3, (orders) => {
    got.push(...orders);
    return Promise.resolve();
  });
  await sender.queue.send(new Map([[3, [orderFor('s', 2)]]]));
  await worker.until(() => got.length === 1, 'the order');
  await inbox.close();
  await sender.close();
  await worker.close();
});

test('an inbox that does not exist is a failure, never silence', async () => {
  const world = await openWorld();
  await expect(world.queue.send(new Map([[50, [orderFor('s', 1)]]]))).rejects.toMatchObject({ code: 'BROKER_UNAVAILABLE' });
  await expect(world.queue.receive(50, () => Promise.resolve())).rejects.toMatchObject({ name: 'Failure' });
  await world.close();
});

test('orders beyond the size of a message are divided, in order', async () => {
  const world = await openWorld(namesOf(), 1, 2_000);
  const got: WorkOrder[] = [];
  const inbox = await world.queue.receive(0, (orders) => {
    got.push(...orders);
    return Promise.resolve();
  });
  await world.queue.send(new Map([[0, Array.from({ length: 100 }, (_, n) => orderFor('s', n))]]));
  await world.until(() => got.length === 100, 'all orders');
  expect(got.map(({ sentAt }) => sentAt)).toEqual(Array.from({ length: 100 }, (_, n) => n));
  await inbox.close();
  await world.close();
});
