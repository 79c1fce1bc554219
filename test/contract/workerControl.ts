/** What every adapter of WorkerControl must do. */
import type { Wish } from '../../src/ports/leases';
import { describedAs, eachWorld, TASK, vitalsOf, type LeasesWorld } from './leases';

export const workerControlContract = (open: () => Promise<LeasesWorld>): void => {
  const world = eachWorld(open);
  const announced = async (workerId: string) => {
    const session = await world().sessions.open(describedAs(workerId), vitalsOf(5, 3));
    await session.announce();
    return session;
  };
  const lostIds = async (): Promise<string[]> => (await world().control.lost()).map(({ workerId }) => workerId).sort();
  const liveIds = async (): Promise<string[]> => (await world().roster.read()).workers.map(({ workerId }) => workerId).sort();

  test.each(['leave', 'stay', 'work'] as const)('a wish to %s reaches the live session, and dispatchers see it at once', async (wish: Wish) => {
    const { control, roster, until } = world();
    const [asked, other] = [await announced('w 1'), await announced('w2')];
    expect([asked.wish(), await control.ask('w 1', wish)]).toEqual([undefined, 'asked']);
    const draining = async (): Promise<boolean[]> => {
      const { workers } = await roster.read();
      return ['w 1', 'w2'].map((id) => workers.find(({ workerId }) => workerId === id)!.draining);
    };
    expect(await draining()).toEqual([wish !== 'work', false]);
    const before = (await roster.read()).workers[0]!.lastHeartbeatAt;
    await until(async () => asked.wish() === wish && (await roster.read()).workers[0]!.lastHeartbeatAt > before, 'the wish to arrive');
    expect(await draining()).toEqual([wish !== 'work', false]);
    expect([other.wish(), asked.ended.aborted]).toEqual([undefined, false]);
  });

  test('who shall leave is not asked anything else any more, and who is not there is not asked', async () => {
    const { control } = world();
    const session = await announced('w1');
    expect(await control.ask('w1', 'stay')).toBe('asked');
    expect(await control.ask('w1', 'work')).toBe('asked');
    expect(await control.ask('w1', 'leave')).toBe('asked');
    expect(await control.ask('w1', 'leave')).toBe('asked');
    expect(await control.ask('w1', 'work')).toBe('leaving');
    expect(await control.ask('w2', 'leave')).toBe('absent');
    await session.close();
    expect(await control.ask('w1', 'work')).toBe('absent');
    const next = await announced('w1');
    expect([next.wish(), await control.ask('w1', 'work')]).toEqual([undefined, 'asked']);
  });

  test('a removed worker hears of it, keeps its claims until it has closed, and is not lost', async () => {
    const { control, claims, until } = world();
    const [removed, other] = [await announced('w1'), await announced('w2')];
    const wanted = [{ ...TASK, dispatch: 1 }];
    await claims.claim(removed.id, wanted);
    expect(await control.ask('w1', 'remove')).toBe('asked');
    await until(() => removed.ended.aborted, 'the removed session to end');
    expect(removed.wish()).toBe('remove');
    expect(await claims.claim(other.id, wanted)).toEqual([{ kind: 'held', session: removed.id, dispatch: 1 }]);
    await removed.close();
    expect((await claims.claim(other.id, wanted)).map(({ kind }) => kind)).toEqual(['granted']);
    expect([await liveIds(), await lostIds()]).toEqual([['w2'], []]);
  });

  test('a removed worker whose heartbeat has stopped is gone when its lease ends', async () => {
    const { control, crash, until } = world();
    const removed = await announced('w1');
    await crash(removed);
    await control.ask('w1', 'remove');
    await until(async () => (await liveIds()).length === 0, 'the end of the lease');
    expect(await lostIds()).toEqual([]);
  });

  test('who is silent for a lease is remembered as it was, until it is back or forgotten; who closes is not', async () => {
    const { control, roster, crash, until } = world();
    const [back, forgotten, closing] = [await announced('w 1'), await announced('w2'), await announced('w3')];
    const heard = (await roster.read()).workers.find(({ workerId }) => workerId === 'w 1')!.lastHeartbeatAt;
    await crash(back);
    await crash(forgotten);
    await closing.close();
    expect(await lostIds()).toEqual([]);
    await until(async () => (await liveIds()).length === 0, 'the end of the leases');
    expect(await lostIds()).toEqual(['w 1', 'w2']);
    const [first] = (await control.lost()).filter(({ workerId }) => workerId === 'w 1');
    expect(first).toEqual({ ...describedAs('w 1'), session: back.id, held: 3, lastHeartbeatAt: expect.any(Number) });
    expect(first!.lastHeartbeatAt).toBeGreaterThanOrEqual(heard);
    expect([await control.forget('w2'), await control.forget('w2'), await lostIds()]).toEqual([true, false, ['w 1']]);
    await announced('w 1');
    expect(await lostIds()).toEqual([]);
  });
};
