/** What every adapter of ClaimAudit must do. */
import type { AbandonedClaim, ClaimAudit, Session, Wanted } from '../../src/ports/leases';
import { describedAs, eachWorld, TASK, vitalsOf, type LeasesWorld } from './leases';

const wanted = (task: number, dispatch = 1): Wanted => ({ dag: TASK.dag, task, dispatch });

/** All that a whole round sees, each once, by DAG and task. One look is not enough: it takes so many keys, and other suites' lie in the same Redis. */
export const roundOf = async (claimAudit: ClaimAudit): Promise<AbandonedClaim[]> => {
  const seen = new Map<string, AbandonedClaim>();
  for (let from: string | null = null; ;) {
    const { claims, next } = await claimAudit.abandoned(from);
    for (const claim of claims) seen.set(`${claim.dag}/${String(claim.task).padStart(6, '0')}`, claim);
    if (next === null) return [...seen].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, claim]) => claim);
    from = next;
  }
};

export const claimAuditContract = (open: () => Promise<LeasesWorld>): void => {
  const world = eachWorld(open);
  const openAs = (workerId: string): Promise<Session> => world().sessions.open(describedAs(workerId), vitalsOf());
  const fenceOf = async (session: Session, claim: Wanted): Promise<bigint> => {
    const [answer] = await world().claims.claim(session.id, [claim]);
    expect(answer).toMatchObject({ kind: 'granted' });
    return BigInt((answer as { readonly fence: string }).fence);
  };
  const round = (): Promise<AbandonedClaim[]> => roundOf(world().claimAudit);
  const left = (session: Session, claim: Wanted): AbandonedClaim => ({ ...claim, session: session.id });

  test('what dead sessions hold is seen, whatever it is that others hold, have finished or given back', async () => {
    const { claims } = world();
    const [dead, live] = [await openAs('ä dead'), await openAs('live')];
    await claims.claim(dead.id, [wanted(1), wanted(2, 7), wanted(3), wanted(4)]);
    await claims.claim(live.id, [wanted(5), wanted(6)]);
    await claims.finish(dead.id, [wanted(3)]);
    await claims.release(dead.id, [wanted(4)]);
    expect(await round()).toEqual([]);
    await dead.close();
    expect(await round()).toEqual([left(dead, wanted(1)), left(dead, wanted(2, 7))]);
    await claims.claim(live.id, [wanted(1)]);
    expect(await round()).toEqual([left(dead, wanted(2, 7))]);
  });

  test('a round of many looks sees each of many', async () => {
    const [dead, live] = [await openAs('dead'), await openAs('live')];
    const all = Array.from({ length: 12_000 }, (_, task) => wanted(task));
    const theirs = all.filter(({ task }) => task % 100 === 7);
    await world().claims.claim(dead.id, theirs);
    await world().claims.claim(
      live.id,
      all.filter(({ task }) => task % 100 !== 7),
    );
    await dead.close();
    expect((await round()).map(({ task }) => task)).toEqual(theirs.map(({ task }) => task));
    expect((await world().claimAudit.abandoned(null)).looks).toBeGreaterThanOrEqual(1);
  });

  test('what is freed is as if it were given back: floor and number are kept, and fences go on to grow', async () => {
    const { claims, claimAudit } = world();
    const [dead, next] = [await openAs('dead'), await openAs('next')];
    const before = await fenceOf(dead, wanted(1, 2));
    await claims.claim(dead.id, [wanted(2)]);
    await dead.close();
    await claims.raiseFloor([wanted(2, 4)]);
    expect(await claimAudit.free([left(dead, wanted(1, 2)), left(dead, wanted(2))])).toBe(2);
    expect(await round()).toEqual([]);
    expect(await claims.claim(next.id, [wanted(1), wanted(2, 3)])).toEqual([{ kind: 'stale' }, { kind: 'stale' }]);
    expect(await fenceOf(next, wanted(1, 2))).toBeGreaterThan(before);
    await fenceOf(next, wanted(2, 4));
    expect(await claimAudit.free([left(dead, wanted(1, 2))])).toBe(0);
  });

  test('nothing is freed that a live session holds, that has moved on, or that has ended', async () => {
    const { claims, claimAudit, ledger } = world();
    const [dead, live] = [await openAs('dead'), await openAs('live')];
    await claims.claim(live.id, [wanted(1)]);
    await claims.claim(dead.id, [wanted(2), wanted(3), wanted(4, 2)]);
    await claims.finish(dead.id, [wanted(3)]);
    await dead.close();
    await claims.claim(live.id, [wanted(2, 2)]);
    const seen = [
      left(live, wanted(1)),
      left(dead, wanted(2)),
      left(dead, wanted(3)),
      left(dead, wanted(4)),
      left(live, wanted(4, 2)),
      left(dead, wanted(5)),
    ];
    expect(await claimAudit.free(seen)).toBe(0);
    expect(await ledger.holders([wanted(1), wanted(2, 2), wanted(3)])).toEqual([
      { kind: 'held', session: live.id },
      { kind: 'held', session: live.id },
      { kind: 'finished' },
    ]);
    expect(await round()).toEqual([left(dead, wanted(4, 2))]);
    expect(await claimAudit.free([])).toBe(0);
  });

  test('a crashed holder’s claims count once its lease is over, and its late end is kept', async () => {
    const { claims, claimAudit, ledger, crash, until } = world();
    const [dead, live] = [await openAs('dead'), await openAs('live')];
    await claims.claim(dead.id, [wanted(1)]);
    await crash(dead);
    expect(await claimAudit.free([left(dead, wanted(1))])).toBe(0);
    await until(async () => (await round()).length === 1, 'the end of the lease');
    expect(await claimAudit.free([left(dead, wanted(1))])).toBe(1);
    await claims.finish(dead.id, [wanted(1)]);
    expect(await ledger.holders([wanted(1)])).toEqual([{ kind: 'finished' }]);
    expect(await claims.claim(live.id, [wanted(1)])).toEqual([{ kind: 'stale' }]);
  });

  test('after a loss of memory absence proves nothing for a lease', async () => {
    const { claims, claimAudit, forget, forgotten, until } = world();
    const a = await openAs('a');
    const fence = String(await fenceOf(a, wanted(1)));
    await forget();
    await until(() => forgotten.includes(a.id), 'it to say its names again');
    await claims.reassert(a.id, [{ ...wanted(1), fence }]);
    await expect(claimAudit.abandoned(null)).rejects.toMatchObject({ code: 'LEASES_UNAVAILABLE' });
    await expect(claimAudit.free([left(a, wanted(1))])).rejects.toMatchObject({ code: 'LEASES_UNAVAILABLE' });
    await until(async () => (await claims.claim(a.id, [wanted(2)]))[0]!.kind === 'granted', 'the end of the waiting');
    expect(await round()).toEqual([]);
  });
};
