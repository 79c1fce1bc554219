/** What every adapter of Roster must do. */
import { VITALS } from '../../src/ports/leases';
import { describedAs, eachWorld, vitalsOf, type LeasesWorld } from './leases';

export const rosterContract = (open: () => Promise<LeasesWorld>): void => {
  const world = eachWorld(open);
  const names = async (): Promise<string[]> => (await world().roster.read()).workers.map(({ workerId }) => workerId).sort();

  test('shows who announced itself, and as what', async () => {
    const { sessions, roster } = world();
    const described = describedAs('w1', { tags: ['x'], region: 'eu', perSlot: { API_CALL: 100 } });
    const quiet = await sessions.open(describedAs('quiet'), vitalsOf());
    const session = await sessions.open(described, vitalsOf(5, 3));
    await session.announce();
    const { workers, trusted } = await roster.read();
    expect(trusted).toBe(true);
    expect(workers).toEqual([
      { ...described, session: session.id, inbox: 1, freeSlots: 5, held: 3, draining: false, lastHeartbeatAt: expect.any(Number) },
    ]);
    await quiet.announce();
    expect(await names()).toEqual(['quiet', 'w1']);
    await session.close();
    expect(await names()).toEqual(['quiet']);
  });

  test('shows what the workers last said of themselves', async () => {
    const { sessions, roster, until } = world();
    const vitals = vitalsOf(8, 0);
    const session = await sessions.open(describedAs('w1'), vitals);
    await session.announce();
    const first = (await roster.read()).workers[0]!;
    vitals.cells.set([2, 6, 1, 1]);
    await until(async () => {
      const worker = (await roster.read()).workers[0]!;
      return worker.freeSlots === 2 && worker.held === 6 && worker.draining && worker.lastHeartbeatAt > first.lastHeartbeatAt;
    }, 'the next heartbeat');
    expect(Atomics.load(vitals.cells, VITALS.beats)).toBe(1);
  });

  test('loses who is silent for a lease, and nobody else', async () => {
    const { sessions, crash, until } = world();
    const dying = await sessions.open(describedAs('dying'), vitalsOf());
    const living = await sessions.open(describedAs('living'), vitalsOf());
    await Promise.all([dying.announce(), living.announce()]);
    await crash(dying);
    expect(await names()).toEqual(['dying', 'living']);
    await until(async () => (await names()).join() === 'living', 'the end of the lease');
  });

  test('absence proves nothing for a lease after a loss of memory, and everybody is back by then', async () => {
    const { sessions, roster, forget, until } = world();
    const session = await sessions.open(describedAs('w1'), vitalsOf());
    await session.announce();
    await forget();
    expect((await roster.read()).trusted).toBe(false);
    await until(async () => (await roster.read()).trusted, 'the roster to be trusted again');
    expect(await names()).toEqual(['w1']);
    expect(session.ended.aborted).toBe(false);
  });

  test('many workers are shown, each with its own', async () => {
    const { sessions, roster } = world();
    const opened = await Promise.all(
      Array.from({ length: 60 }, (_, i) => sessions.open(describedAs(`w${String(i)}`, { slots: i + 1 }), vitalsOf(i))),
    );
    await Promise.all(opened.map((session) => session.announce()));
    for (let round = 0; round < 2; round++) {
      const { workers } = await roster.read();
      expect(workers).toHaveLength(60);
      for (const worker of workers) expect(worker.freeSlots).toBe(worker.slots - 1);
      expect(new Set(workers.map(({ inbox }) => inbox)).size).toBe(60);
    }
  });

  test('answers whether it is there', async () => {
    await expect(world().roster.ping()).resolves.toBeUndefined();
  });
};
