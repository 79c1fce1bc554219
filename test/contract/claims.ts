/** What every adapter of Claims and ClaimLedger must do. */
import fc from 'fast-check';
import type { ClaimAnswer, Session, Wanted } from '../../src/ports/leases';
import { describedAs, eachWorld, TASK, vitalsOf, type LeasesWorld } from './leases';

const wanted = (dispatch: number, task = TASK.task): Wanted => ({ dag: TASK.dag, task, dispatch });

export const claimsContract = (open: () => Promise<LeasesWorld>): void => {
  const world = eachWorld(open);
  const openAs = (workerId: string): Promise<Session> => world().sessions.open(describedAs(workerId), vitalsOf());
  const claim = async (session: Session, dispatch: number): Promise<ClaimAnswer> => (await world().claims.claim(session.id, [wanted(dispatch)]))[0]!;
  const fenceOf = (answer: ClaimAnswer): bigint => {
    expect(answer).toEqual({ kind: 'granted', fence: expect.stringMatching(/^\d{1,19}$/) });
    return BigInt((answer as { readonly fence: string }).fence);
  };

  describe('granting', () => {
    test('one session at a time, whatever number the other names', async () => {
      const [a, b] = [await openAs('a'), await openAs('b')];
      fenceOf(await claim(a, 2));
      expect(await claim(b, 2)).toEqual({ kind: 'held', session: a.id, dispatch: 2 });
      expect(await claim(b, 3)).toEqual({ kind: 'held', session: a.id, dispatch: 2 });
      expect(await claim(b, 1)).toEqual({ kind: 'stale' });
    });

    test('the same again to the session that lost the reply, with the same fence', async () => {
      const a = await openAs('a');
      const first = fenceOf(await claim(a, 1));
      expect(fenceOf(await claim(a, 1))).toBe(first);
      expect(await claim(a, 2)).toEqual({ kind: 'held', session: a.id, dispatch: 1 });
    });

    test('answers in the order asked, many at once', async () => {
      const [a, b] = [await openAs('a'), await openAs('b')];
      const all = Array.from({ length: 300 }, (_, task) => wanted(1, task));
      await world().claims.claim(
        b.id,
        all.filter(({ task }) => task % 3 === 0),
      );
      const answers = await world().claims.claim(a.id, all);
      expect(answers.map(({ kind }) => kind)).toEqual(all.map(({ task }) => (task % 3 === 0 ? 'held' : 'granted')));
      expect(await world().claims.claim(a.id, [])).toEqual([]);
    });

    test('nothing to a session that is over', async () => {
      const a = await openAs('a');
      await a.close();
      expect(await claim(a, 1)).toEqual({ kind: 'ended' });
    });

    test('fences grow with every grant, below 2^63, also for absurd numbers', async () => {
      const a = await openAs('a');
      let last = 0n;
      for (const dispatch of [1, 1, 2, 3, 4_095, 4_096, 65_535]) {
        const fence = fenceOf(await claim(a, dispatch));
        expect(fence).toBeGreaterThan(last);
        expect(fence).toBeLessThan(2n ** 63n);
        last = fence;
        await world().claims.release(a.id, [wanted(dispatch)]);
      }
    });
  });

  describe('ending', () => {
    test('a finished task refuses its number and all lower ones, not the next', async () => {
      const [a, b] = [await openAs('a'), await openAs('b')];
      fenceOf(await claim(a, 2));
      await world().claims.finish(a.id, [wanted(2)]);
      for (const session of [a, b]) for (const dispatch of [1, 2]) expect(await claim(session, dispatch)).toEqual({ kind: 'stale' });
      fenceOf(await claim(b, 3));
    });

    test('a late end takes nothing from the next holder', async () => {
      const [a, b] = [await openAs('a'), await openAs('b')];
      await claim(a, 1);
      await a.close();
      fenceOf(await claim(b, 2));
      await world().claims.finish(a.id, [wanted(1)]);
      await world().claims.release(a.id, [wanted(1)]);
      expect(await world().ledger.holders([wanted(2)])).toEqual([{ kind: 'held', session: b.id }]);
    });

    test('what is given back can be taken by others', async () => {
      const [a, b] = [await openAs('a'), await openAs('b')];
      const first = fenceOf(await claim(a, 1));
      await world().claims.release(a.id, [wanted(1)]);
      expect(fenceOf(await claim(b, 2))).toBeGreaterThan(first);
    });

    test('a dead holder is taken over when its lease ended, never before', async () => {
      const { crash, until } = world();
      const [a, b] = [await openAs('a'), await openAs('b')];
      const first = fenceOf(await claim(a, 1));
      await crash(a);
      expect(await claim(b, 2)).toEqual({ kind: 'held', session: a.id, dispatch: 1 });
      expect(await world().claims.raiseFloor([wanted(2)])).toEqual([{ kind: 'held', session: a.id, dispatch: 1 }]);
      await until(async () => (await claim(b, 2)).kind === 'granted', 'the end of the lease');
      expect(fenceOf(await claim(b, 2))).toBeGreaterThan(first);
      expect(await claim(a, 1)).toEqual({ kind: 'ended' });
    });
  });

  describe('the floor', () => {
    test('keeps lower numbers out, for good', async () => {
      const a = await openAs('a');
      expect(await world().claims.raiseFloor([wanted(3)])).toEqual([{ kind: 'raised' }]);
      expect(await world().claims.raiseFloor([wanted(2)])).toEqual([{ kind: 'raised' }]);
      expect(await claim(a, 2)).toEqual({ kind: 'stale' });
      fenceOf(await claim(a, 3));
      await world().claims.release(a.id, [wanted(3)]);
      expect(await claim(a, 2)).toEqual({ kind: 'stale' });
    });

    test('is not raised under a live holder', async () => {
      const a = await openAs('a');
      const before = fenceOf(await claim(a, 1));
      expect(await world().claims.raiseFloor([wanted(2), wanted(2, 99)])).toEqual([{ kind: 'held', session: a.id, dispatch: 1 }, { kind: 'raised' }]);
      expect(fenceOf(await claim(a, 1))).toBe(before);
      await a.close();
      expect(await world().claims.raiseFloor([wanted(2)])).toEqual([{ kind: 'raised' }]);
    });

    test('says whether the session that a dispatch was sent to is gone: that one may have it, cut off from the leases', async () => {
      const [a, b] = [await openAs('a'), await openAs('b')];
      await a.close();
      const asked = [a.id, b.id].map((sentTo, i) => ({ ...wanted(2, i), sentTo }));
      expect(await world().claims.raiseFloor(asked)).toEqual([{ kind: 'gone' }, { kind: 'raised' }]);
    });
  });

  test('the ledger knows who holds, what is finished and what nobody has', async () => {
    const a = await openAs('a');
    await world().claims.claim(a.id, [wanted(1, 1), wanted(1, 2), wanted(2, 3), wanted(1, 5)]);
    await world().claims.finish(a.id, [wanted(1, 2)]);
    await world().claims.release(a.id, [wanted(1, 5)]);
    expect(await world().ledger.holders([wanted(1, 1), wanted(1, 2), wanted(1, 3), wanted(1, 4), wanted(1, 5), wanted(2, 1)])).toEqual([
      { kind: 'held', session: a.id },
      { kind: 'finished' },
      { kind: 'finished' },
      { kind: 'absent' },
      { kind: 'absent' },
      { kind: 'absent' },
    ]);
  });

  test('after a loss of memory nothing is granted or sent again for a lease, and what was held is held again', async () => {
    const { claims, ledger, forget, until, forgotten } = world();
    const [a, b] = [await openAs('a'), await openAs('b')];
    const answer = await claim(a, 1);
    const fence = fenceOf(answer);
    await forget();
    expect(await claim(b, 2)).toEqual({ kind: 'wait' });
    await expect(claims.raiseFloor([wanted(2, TASK.task + 1)])).rejects.toMatchObject({ code: 'LEASES_UNAVAILABLE' });
    await expect(ledger.holders([wanted(1)])).rejects.toMatchObject({ code: 'LEASES_UNAVAILABLE' });
    await until(() => forgotten.includes(a.id) && forgotten.includes(b.id), 'both to say their names again');
    await claims.reassert(a.id, [{ ...wanted(1), fence: fence.toString() }]);
    await until(async () => (await claim(b, 2)).kind !== 'wait', 'the end of the waiting');
    expect(await claim(b, 2)).toEqual({ kind: 'held', session: a.id, dispatch: 1 });
    expect(fenceOf(await claim(a, 1))).toBe(fence);
    expect(await claims.raiseFloor([wanted(2)])).toEqual([{ kind: 'held', session: a.id, dispatch: 1 }]);
  });

  test('a floor that is raised while the memory is gone holds afterwards, and lets the holder of before go on', async () => {
    const { claims, forget, until, forgotten } = world();
    const [a, b] = [await openAs('a'), await openAs('b')];
    const fence = fenceOf(await claim(a, 1));
    await forget();
    const other = TASK.task + 1;
    await expect(claims.raiseFloor([wanted(2), wanted(2, other)])).rejects.toMatchObject({ code: 'LEASES_UNAVAILABLE' });
    await until(() => forgotten.includes(a.id) && forgotten.includes(b.id), 'both to say their names again');
    await claims.reassert(a.id, [{ ...wanted(1), fence: fence.toString() }]);
    await until(async () => (await claim(b, 1)).kind !== 'wait', 'the end of the waiting');
    expect(await claims.claim(b.id, [wanted(1), wanted(1, other)])).toEqual([{ kind: 'stale' }, { kind: 'stale' }]);
    expect(await claim(b, 2)).toEqual({ kind: 'held', session: a.id, dispatch: 1 });
    // Who asks doesn't know of its claim, and runs nothing: it is too late for that, and the next number may be claimed.
    expect([await claim(a, 1), await claim(a, 1)]).toEqual([{ kind: 'stale' }, { kind: 'stale' }]);
    fenceOf(await claim(b, 2));
    fenceOf((await claims.claim(b.id, [wanted(2, other)]))[0]!);
  });

  test('a storm: two sessions never hold one task, fences grow, the floor and tombstones are kept', async () => {
    const { claims } = world();
    const sessions = [await openAs('a'), await openAs('b')];
    const step = fc.record({
      who: fc.nat(1),
      what: fc.constantFrom('claim', 'claim', 'claim', 'finish', 'release', 'floor'),
      dispatch: fc.integer({ min: 1, max: 6 }),
    });
    let task = 1000;
    await fc.assert(
      fc.asyncProperty(fc.array(step, { minLength: 1, maxLength: 25 }), async (steps) => {
        task++;
        let holder: { who: number; dispatch: number; fence: bigint } | undefined;
        let [floor, finished, newest] = [0, 0, 0n];
        for (const { who, what, dispatch } of steps) {
          const asked = [wanted(dispatch, task)];
          const session = sessions[who]!.id;
          if (what === 'claim') {
            const answer = (await claims.claim(session, asked))[0]!;
            if (answer.kind !== 'granted') continue;
            const fence = BigInt(answer.fence);
            expect(dispatch).toBeGreaterThanOrEqual(floor);
            expect(dispatch).toBeGreaterThan(finished);
            if (holder === undefined) expect(fence).toBeGreaterThan(newest);
            else expect({ who, dispatch, fence }).toEqual(holder);
            holder = { who, dispatch, fence };
            newest = fence;
          } else if (what === 'floor') {
            const answer = (await claims.raiseFloor(asked))[0]!;
            expect(answer.kind).toBe(holder === undefined ? 'raised' : 'held');
            if (answer.kind === 'raised') floor = Math.max(floor, dispatch);
          } else if (holder?.who === who && holder.dispatch === dispatch) {
            await claims[what](session, asked);
            if (what === 'finish') finished = Math.max(finished, dispatch);
            holder = undefined;
          }
        }
      }),
      { numRuns: 60 },
    );
  });
};
