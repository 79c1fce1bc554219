/** What every adapter of WorkerSessions must do. */
import { isFailure } from '../../src/core/failure';
import { describedAs, eachWorld, vitalsOf, type LeasesWorld } from './leases';

export const sessionsContract = (open: () => Promise<LeasesWorld>): void => {
  const world = eachWorld(open);
  const openAs = (workerId: string) => world().sessions.open(describedAs(workerId), vitalsOf());
  const heldError = async (workerId: string): Promise<boolean> =>
    openAs(workerId).then(
      () => false,
      (error: unknown) => isFailure(error, 'WORKER_ID_HELD'),
    );

  test('every session has an id and an inbox of its own, the lowest that is free', async () => {
    const all = [await openAs('w 1'), await openAs('w/2'), await openAs('w3')];
    expect(new Set(all.map(({ id }) => id)).size).toBe(3);
    expect(all.map(({ inbox }) => inbox)).toEqual([0, 1, 2]);
    await all[1]!.close();
    expect((await openAs('w4')).inbox).toBe(1);
  });

  test('many opened at once get different inboxes, and one worker id only once', async () => {
    const opened = await Promise.allSettled([...Array.from({ length: 20 }, (_, i) => openAs(`w${String(i)}`)), openAs('w3'), openAs('w3')]);
    const sessions = opened.flatMap((each) => (each.status === 'fulfilled' ? [each.value] : []));
    expect(sessions).toHaveLength(20);
    expect(new Set(sessions.map(({ inbox }) => inbox))).toEqual(new Set(Array.from({ length: 20 }, (_, i) => i)));
  });

  test('a worker id is refused while its holder renews its lease, and free at once when that closes', async () => {
    const { until, leaseMs, roster } = world();
    const holder = await openAs('w1');
    await holder.announce();
    const beatAt = async (): Promise<number> => (await roster.read()).workers[0]!.lastHeartbeatAt;
    const first = await beatAt();
    await until(async () => {
      expect(await heldError('w1')).toBe(true);
      return (await beatAt()) > first + 1.5 * leaseMs;
    }, 'more than a lease of heartbeats');
    expect([holder.ended.aborted, holder.leaseLeftMs() > 0]).toEqual([false, true]);
    await holder.close();
    expect(holder.leaseLeftMs()).toBe(0);
    const next = await openAs('w1');
    expect(next.id).not.toBe(holder.id);
  });

  test('the id and the inbox of a dead holder are free when its lease ends', async () => {
    const { until, crash } = world();
    const holder = await openAs('w1');
    await crash(holder);
    expect(await heldError('w1')).toBe(true);
    let next: Awaited<ReturnType<typeof openAs>> | undefined;
    await until(async () => (next = await openAs('w1').catch(() => undefined)) !== undefined, 'the end of the lease');
    expect(next!.inbox).toBe(holder.inbox);
    expect(next!.id).not.toBe(holder.id);
  });

  test('a session survives a loss of memory, and says that it was forgotten', async () => {
    const { until, forget } = world();
    const holder = await openAs('w1');
    await forget();
    await until(() => world().forgotten.includes(holder.id), 'the session to say its names again');
    expect(holder.ended.aborted).toBe(false);
    expect(await heldError('w1')).toBe(true);
    const other = await openAs('w2');
    expect(other.inbox).not.toBe(holder.inbox);
  });
};
