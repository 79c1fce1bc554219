/** What every WorkQueue must do, whatever carries it. */
import type { Dispatch } from '../../src/core/event';
import { dispatchOf } from '../execute/bench';
import type { WorkOrder, WorkQueue } from '../../src/ports/transport';

export interface WorkQueueWorld {
  readonly queue: WorkQueue;
  until(condition: () => boolean, what: string): Promise<void>;
  close(): Promise<void>;
}

export const orderFor = (session: string, sentAt: number, shard = 0): WorkOrder => ({
  session,
  shard,
  epoch: 1,
  sentAt,
  origin: 'http://127.0.0.1:8080',
  dispatches: [],
  revoked: [],
  acknowledged: [],
});

export const contextOf = (n: number): string => `00-4bf92f3577b34da6a3ce929d0e0e4736-${String(n).padStart(16, '0')}-01`;

export const workQueueContract = (open: () => Promise<WorkQueueWorld>): void => {
  let world: WorkQueueWorld;
  beforeEach(async () => {
    world = await open();
  });
  afterEach(async () => {
    await world.close();
  });

  test('delivers everything that is sent after receive resolved, in order, and nothing older', async () => {
    const { queue, until } = world;
    await queue.provide(2);
    await queue.send(new Map([[0, [orderFor('old', 0)]]]));
    const got: WorkOrder[] = [];
    const inbox = await queue.receive(0, (orders) => {
      got.push(...orders);
      return Promise.resolve();
    });
    for (let n = 1; n <= 30; n++)
      await queue.send(
        new Map([
          [0, [orderFor('s', n), orderFor('s', n + 0.5, 1)]],
          [1, [orderFor('other', n)]],
        ]),
      );
    await until(() => got.length >= 60, 'all orders');
    expect(got.map(({ sentAt }) => sentAt)).toEqual(Array.from({ length: 60 }, (_, i) => 1 + i / 2));
    expect(got[1]).toEqual(orderFor('s', 1.5, 1));
    await inbox.close();
  });

  test('the trace of each task comes with it, and what has none has none', async () => {
    const { queue, until } = world;
    await queue.provide(1);
    const got: WorkOrder[] = [];
    const inbox = await queue.receive(0, (orders) => {
      got.push(...orders);
      return Promise.resolve();
    });
    const order = (sentAt: number, tasks: readonly Dispatch[]): WorkOrder => ({ ...orderFor('s', sentAt), dispatches: tasks });
    const sent = [
      order(1, [dispatchOf(1, { trace: contextOf(1) }), dispatchOf(2), dispatchOf(3, { trace: contextOf(3) })]),
      order(2, [dispatchOf(4)]),
      // What a handler is given is nobody's business: names in it mean nothing here.
      order(3, [dispatchOf(5, { trace: contextOf(5), payload: '{"trace":"mine"}', upstream: { trace: '"theirs"' } })]),
    ];
    await queue.send(new Map([[0, sent]]));
    await queue.send(new Map([[0, [order(4, [dispatchOf(6, { trace: contextOf(6) })])]]]));
    await until(() => got.length === 4, 'all orders');
    expect(got).toEqual([...sent, order(4, [dispatchOf(6, { trace: contextOf(6) })])]);
    await inbox.close();
  });

  test('inboxes are added while others are read, and the new ones work at once', async () => {
    const { queue, until } = world;
    await queue.provide(3);
    const got = new Map<number, number>();
    const count =
      (number: number) =>
      (orders: readonly WorkOrder[]): Promise<void> => {
        got.set(number, (got.get(number) ?? 0) + orders.length);
        return Promise.resolve();
      };
    const first = await queue.receive(0, count(0));
    await queue.provide(6);
    await queue.provide(2);
    const last = await queue.receive(5, count(5));
    await queue.send(
      new Map([
        [0, [orderFor('a', 1)]],
        [5, [orderFor('b', 1)]],
      ]),
    );
    await until(() => got.get(0) === 1 && got.get(5) === 1, 'both');
    await Promise.all([first.close(), last.close()]);
  });

  test('what nobody reads is no error, and a closed inbox is given nothing more', async () => {
    const { queue, until } = world;
    await queue.provide(2);
    const got: WorkOrder[] = [];
    const inbox = await queue.receive(1, (orders) => {
      got.push(...orders);
      return Promise.resolve();
    });
    await queue.send(
      new Map([
        [0, [orderFor('nobody', 1)]],
        [1, [orderFor('s', 1)]],
      ]),
    );
    await until(() => got.length === 1, 'the order');
    await inbox.close();
    await queue.send(new Map([[1, [orderFor('s', 2)]]]));
    const again: WorkOrder[] = [];
    const reopened = await queue.receive(1, (orders) => {
      again.push(...orders);
      return Promise.resolve();
    });
    await queue.send(new Map([[1, [orderFor('s', 3)]]]));
    await until(() => again.length === 1, 'the order after the reopening');
    expect([got.map(({ sentAt }) => sentAt), again.map(({ sentAt }) => sentAt)]).toEqual([[1], [3]]);
    await reopened.close();
  });

  test('a slow reader loses nothing, and is given one batch at a time', async () => {
    const { queue, until } = world;
    await queue.provide(1);
    let release!: () => void;
    let held: Promise<void> = new Promise((resolve) => {
      release = resolve;
    });
    let running = 0;
    let most = 0;
    const got: number[] = [];
    const inbox = await queue.receive(0, async (orders) => {
      most = Math.max(most, ++running);
      got.push(...orders.map(({ sentAt }) => sentAt));
      await held;
      running--;
    });
    for (let n = 0; n < 100; n++) await queue.send(new Map([[0, [orderFor('s', n)]]]));
    held = Promise.resolve();
    release();
    await until(() => got.length === 100, 'all orders');
    expect(got).toEqual(Array.from({ length: 100 }, (_, i) => i));
    expect(most).toBe(1);
    await inbox.close();
  });
};
