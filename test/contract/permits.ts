/** What every adapter of Permits must do, together with the claims that take slots and free them. */
import fc from 'fast-check';
import type { Rate, Slot } from '../../src/core/limits';
import type { ClaimAnswer, Session, WantedClaim } from '../../src/ports/leases';
import type { PermitAnswer, PermitWanted } from '../../src/ports/permits';
import { describedAs, eachWorld, TASK, vitalsOf, type LeasesWorld } from './leases';

const GRANTED = { kind: 'granted' };
const pool = (max: number, key = 'pool:db'): Slot => ({ key, max });
const FULL = { kind: 'full', key: 'pool:db' };

export const permitsContract = (open: () => Promise<LeasesWorld>): void => {
  const world = eachWorld(open);
  const openAs = (workerId: string): Promise<Session> => world().sessions.open(describedAs(workerId), vitalsOf());
  const wanted = (task: number, session: Session, slots: readonly Slot[], { dispatch = 1, rates = [] as readonly Rate[] } = {}): PermitWanted => ({
    ...{ dag: TASK.dag, task, dispatch, session: session.id, slots, rates },
  });
  const reserve = async (...asked: Parameters<typeof wanted>): Promise<PermitAnswer> => (await world().permits.reserve([wanted(...asked)]))[0]!;
  const claim = async (session: Session, task: number, slots: readonly Slot[], dispatch = 1): Promise<ClaimAnswer> =>
    (await world().claims.claim(session.id, [{ dag: TASK.dag, task, dispatch, slots }]))[0]!;
  const taken = async (key = 'pool:db'): Promise<number> => (await world().permits.taken([key]))[0]!;
  const of = (task: number, dispatch = 1) => ({ dag: TASK.dag, task, dispatch });

  describe('reserving', () => {
    test('as many as there are slots, in the order asked, and all that a task needs or nothing of it', async () => {
      const a = await openAs('a');
      const all = [0, 1, 2].map((task) => wanted(task, a, [pool(9, 'type:T'), pool(2)]));
      expect(await world().permits.reserve(all)).toEqual([GRANTED, GRANTED, FULL]);
      expect(await world().permits.taken(['pool:db', 'type:T', 'pool:none'])).toEqual([2, 2, 0]);
      expect(await world().permits.reserve([])).toEqual([]);
    });

    test('the same task keeps its one slot, under a later number and for another session, too', async () => {
      const [a, b] = [await openAs('a'), await openAs('b')];
      expect(await reserve(1, a, [pool(1)])).toEqual(GRANTED);
      expect(await reserve(1, b, [pool(1)], { dispatch: 2 })).toEqual(GRANTED);
      expect([await reserve(2, a, [pool(1)]), await taken()]).toEqual([FULL, 1]);
      await world().permits.free([{ ...of(1), slots: ['pool:db'] }]);
      expect(await taken()).toBe(1);
      await world().permits.free([{ ...of(1, 2), slots: ['pool:db'] }]);
      expect([await taken(), await reserve(2, a, [pool(1)])]).toEqual([0, GRANTED]);
    });

    test('what a session reserved and never claimed is free once that is over', async () => {
      const [a, b] = [await openAs('a'), await openAs('b')];
      await reserve(1, a, [pool(1)]);
      expect(await reserve(2, b, [pool(1)])).toEqual(FULL);
      await world().crash(a);
      await world().until(async () => (await reserve(2, b, [pool(1)])).kind === 'granted', 'the end of the lease');
    });

    test('what was reserved and never claimed is free after ten seconds; who comes later takes what is left', async () => {
      const a = await openAs('a');
      await reserve(1, a, [pool(1)]);
      await world().until(async () => (await reserve(2, a, [pool(1)])).kind === 'granted', 'the end of the reservation');
      expect(await claim(a, 1, [pool(1)])).toEqual(FULL);
      expect(await claim(a, 2, [pool(1)])).toMatchObject(GRANTED);
    }, 30_000);

    test('a higher maximum lets more in, a lower one nobody until enough are gone', async () => {
      const a = await openAs('a');
      for (const task of [1, 2, 3]) expect(await reserve(task, a, [pool(3)])).toEqual(GRANTED);
      expect(await reserve(4, a, [pool(2)])).toEqual(FULL);
      await world().permits.free([{ ...of(1), slots: ['pool:db'] }]);
      expect(await reserve(4, a, [pool(2)])).toEqual(FULL);
      expect(await reserve(4, a, [pool(3)])).toEqual(GRANTED);
    });

    test('300 at once, of many limits', async () => {
      const a = await openAs('a');
      const answers = await world().permits.reserve(
        Array.from({ length: 300 }, (_, task) => wanted(task, a, [pool(10, `dag:${String(task % 20)}`)])),
      );
      expect(answers.filter(({ kind }) => kind === 'granted')).toHaveLength(200);
      expect(await world().permits.taken(['dag:0', 'dag:19'])).toEqual([10, 10]);
    });
  });

  describe('claims', () => {
    test('take the slot that was reserved, and free it with their end, whichever that is', async () => {
      const a = await openAs('a');
      for (const end of ['finish', 'release'] as const) {
        const dispatch = end === 'finish' ? 1 : 2;
        expect(await reserve(1, a, [pool(1)], { dispatch })).toEqual(GRANTED);
        expect(await claim(a, 1, [pool(1)], dispatch)).toMatchObject(GRANTED);
        expect([await taken(), await reserve(2, a, [pool(1)])]).toEqual([1, FULL]);
        await world().claims[end](a.id, [of(1, dispatch)]);
        expect(await taken()).toBe(0);
      }
    });

    test('take a slot where the reservation is gone, and are refused where there is none', async () => {
      const a = await openAs('a');
      expect(await claim(a, 1, [pool(1)])).toMatchObject(GRANTED);
      expect(await claim(a, 2, [pool(1)])).toEqual(FULL);
      expect(await world().ledger.holders([of(2)])).toEqual([{ kind: 'absent' }]);
      // The reply was lost: its own slot doesn't stand in its way.
      expect(await claim(a, 1, [pool(1)])).toMatchObject(GRANTED);
      expect(await claim(a, 3, [])).toMatchObject(GRANTED);
    });

    test('a dispatch that is over frees no slot that a live session runs with', async () => {
      const a = await openAs('a');
      await claim(a, 1, [pool(1)]);
      const over = [
        { ...of(1), slots: ['pool:db'] },
        { ...of(2), slots: ['pool:db'] },
      ];
      expect(await world().permits.free(over)).toEqual([false, true]);
      expect(await reserve(1, a, [pool(1)], { dispatch: 2 })).toEqual(GRANTED);
      expect([await taken(), await reserve(2, a, [pool(1)])]).toEqual([1, FULL]);
      await world().claims.release(a.id, [of(1)]);
      expect([await taken(), await world().permits.free(over)]).toEqual([0, [true, true]]);
    });

    test('a dead session keeps its slots until its loss is known, or its claim is given up or taken over', async () => {
      const [a, b] = [await openAs('a'), await openAs('b')];
      for (const task of [1, 2, 3]) expect(await claim(a, task, [pool(3)])).toMatchObject(GRANTED);
      await a.close();
      expect([await taken(), await reserve(9, b, [pool(3)])]).toEqual([3, FULL]);
      await world().permits.free([{ ...of(1), slots: ['pool:db'] }]);
      expect(await taken()).toBe(2);
      await world().claimAudit.free([{ ...of(2), session: a.id }]);
      expect(await taken()).toBe(1);
      expect(await claim(b, 3, [pool(3)], 2)).toMatchObject(GRANTED);
      await world().claims.finish(b.id, [of(3, 2)]);
      expect(await taken()).toBe(0);
    });

    test('of a session that is over keep their slots for ten seconds at most', async () => {
      const [a, b] = [await openAs('a'), await openAs('b')];
      await claim(a, 1, [pool(1)]);
      await a.close();
      const began = world().now();
      await world().until(async () => (await reserve(2, b, [pool(1)])).kind === 'granted', 'the end of what is claimed by nobody');
      expect(world().now() - began).toBeGreaterThan(9_000);
      expect(await taken()).toBe(1);
    }, 30_000);

    test('of a dead session are free of slots once the floor is raised over them, unless it may be cut off and run', async () => {
      const a = await openAs('a');
      await claim(a, 1, [pool(1)]);
      await a.close();
      expect(await world().claims.raiseFloor([{ ...of(1, 2), sentTo: a.id }])).toEqual([{ kind: 'gone' }]);
      expect(await taken()).toBe(1);
      expect(await world().claims.raiseFloor([of(1, 2)])).toEqual([{ kind: 'raised' }]);
      expect(await taken()).toBe(0);
    });

    test('that end late free nothing that is the next dispatch’s by now', async () => {
      const [a, b] = [await openAs('a'), await openAs('b')];
      await claim(a, 1, [pool(1)]);
      await a.close();
      expect(await reserve(1, b, [pool(1)], { dispatch: 2 })).toEqual(GRANTED);
      await world().claimAudit.free([{ ...of(1), session: a.id }]);
      await world().permits.free([{ ...of(1), slots: ['pool:db'] }]);
      expect([await taken(), await reserve(2, b, [pool(1)])]).toEqual([1, FULL]);
      expect(await claim(b, 1, [pool(1)], 2)).toMatchObject(GRANTED);
    });

    test('take other slots than before where the limits have changed', async () => {
      const [a, b] = [await openAs('a'), await openAs('b')];
      await claim(a, 1, [pool(1), pool(1, 'type:T')]);
      await a.close();
      expect(await claim(b, 1, [pool(1, 'type:T'), pool(1, 'dag:x')], 2)).toMatchObject(GRANTED);
      expect(await world().permits.taken(['pool:db', 'type:T', 'dag:x'])).toEqual([0, 1, 1]);
    });
  });

  test('after a loss of memory nothing is reserved for a lease, and slots are taken again with their claims', async () => {
    const a = await openAs('a');
    const answer = await claim(a, 1, [pool(1)]);
    const { fence } = answer as { readonly fence: string };
    await world().forget();
    expect(await reserve(2, a, [pool(1)])).toEqual({ kind: 'wait' });
    await expect(world().permits.taken(['pool:db'])).rejects.toMatchObject({ code: 'LEASES_UNAVAILABLE' });
    await expect(world().permits.free([{ ...of(1), slots: ['pool:db'] }])).rejects.toMatchObject({ code: 'LEASES_UNAVAILABLE' });
    await world().until(() => world().forgotten.includes(a.id), 'the session to say its names again');
    await world().claims.reassert(a.id, [{ ...of(1), slots: [pool(1)], fence }]);
    await world().until(async () => (await reserve(2, a, [pool(1)])).kind !== 'wait', 'the end of the waiting');
    expect([await reserve(2, a, [pool(1)]), await taken()]).toEqual([FULL, 1]);
  });

  describe('rates', () => {
    test('let a burst begin, then one after the other, each key by itself; a slot that is full uses nothing up', async () => {
      const a = await openAs('a');
      const rate = (key: string, burst = 2): Rate => ({ key, perSecond: 2, burst });
      const ask = (task: number, key: string, slots: readonly Slot[] = []) => wanted(task, a, slots, { rates: [rate(key)] });
      await reserve(99, a, [pool(1)]);
      const answers = await world().permits.reserve([ask(0, 'x', [pool(1)]), ask(1, 'x'), ask(2, 'x'), ask(3, 'x'), ask(4, 'y')]);
      expect(answers).toEqual([FULL, GRANTED, GRANTED, { kind: 'later', key: 'x', ms: expect.any(Number) }, GRANTED]);
      const { ms } = answers[3] as { readonly ms: number };
      expect(ms).toBeGreaterThan(300);
      expect(ms).toBeLessThanOrEqual(500);
      const [x, y] = await world().permits.waits([rate('x'), rate('y')]);
      expect([x! > 300 && x! <= 500, y]).toEqual([true, 0]);
      await world().until(async () => (await world().permits.waits([rate('x')]))[0] === 0, 'the next start');
      expect((await world().permits.reserve([ask(3, 'x'), ask(5, 'x')])).map(({ kind }) => kind)).toEqual(['granted', 'later']);
    });

    test('take nothing of a slot where they are used up', async () => {
      const a = await openAs('a');
      const rates = [{ key: 'slow', perSecond: 0.01, burst: 1 }];
      expect(await reserve(1, a, [pool(5)], { rates })).toEqual(GRANTED);
      expect((await reserve(2, a, [pool(5)], { rates })).kind).toBe('later');
      expect(await taken()).toBe(1);
    });
  });

  test('a storm: never more claims than slots, and no slot stays where everything has ended', async () => {
    const { claims, permits } = world();
    const sessions = [await openAs('a'), await openAs('b')];
    const step = fc.record({
      who: fc.nat(1),
      what: fc.constantFrom('reserve', 'reserve', 'claim', 'claim', 'finish', 'release', 'free'),
      task: fc.nat(4),
    });
    let round = 0;
    await fc.assert(
      fc.asyncProperty(fc.array(step, { minLength: 1, maxLength: 40 }), async (steps) => {
        round += 1;
        const slots = [pool(2, `pool:${String(round)}`)];
        const held = new Map<number, { who: number; dispatch: number }>();
        const dispatches = [1, 1, 1, 1, 1];
        for (const { who, what, task: index } of steps) {
          const [task, dispatch] = [round * 10 + index, dispatches[index]!];
          const asked: WantedClaim = { ...of(task, dispatch), slots };
          const holder = held.get(index);
          if (what === 'reserve') await permits.reserve([{ ...asked, slots, session: sessions[who]!.id, rates: [] }]);
          else if (what === 'free') await permits.free([{ ...asked, slots: [slots[0]!.key] }]);
          else if (what === 'claim') {
            if ((await claims.claim(sessions[who]!.id, [asked]))[0]!.kind === 'granted') held.set(index, { who, dispatch });
          } else if (holder !== undefined) {
            await claims[what](sessions[holder.who]!.id, [of(task, holder.dispatch)]);
            held.delete(index);
            dispatches[index]! += 1;
          }
          expect(held.size).toBeLessThanOrEqual(2);
          expect(await taken(slots[0]!.key)).toBeLessThanOrEqual(2);
          expect(await taken(slots[0]!.key)).toBeGreaterThanOrEqual(held.size);
        }
        for (const [index, { who, dispatch }] of held) await claims.finish(sessions[who]!.id, [of(round * 10 + index, dispatch)]);
        await permits.free([0, 1, 2, 3, 4].map((index) => ({ ...of(round * 10 + index, 99), slots: [slots[0]!.key] })));
        expect(await taken(slots[0]!.key)).toBe(0);
      }),
      { numRuns: 40 },
    );
  });
};
