/** What every store of gates does. */
import type { GateStore } from '../../src/ports/gates';

const NOW = Date.UTC(2026, 0, 31, 12);
const LATER = NOW + 60_000;
const pause = { scope: 'type', name: 'API_CALL', reason: 'maintenance', by: 'ops', until: null, now: NOW } as const;
const key = { scope: 'type', name: 'API_CALL' } as const;
const quarantine = { type: 'API_CALL', trips: 0, reason: 'it broke', until: LATER, now: NOW };

/** `open` answers a new, empty store. */
export const gatesContract = (open: () => Promise<GateStore>): void => {
  let store: GateStore;
  beforeEach(async () => {
    store = await open();
  });

  test('what is paused is listed with who, why and until, until it is ended', async () => {
    const { gate, changed } = await store.pause({ ...pause, until: LATER });
    expect([gate, changed]).toEqual([
      { ...key, state: 'PAUSED', reason: 'maintenance', by: 'ops', since: NOW, until: LATER, endedAt: null, trips: 0 },
      true,
    ]);
    expect(await store.gates()).toEqual([gate]);
    expect(await store.end({ ...key, state: 'PAUSED', now: NOW + 1 })).toEqual({ ...gate, endedAt: NOW + 1 });
    expect(await store.gates()).toEqual([{ ...gate, endedAt: NOW + 1 }]);
    expect(await store.end({ ...key, state: 'PAUSED', now: NOW + 2 })).toBeUndefined();
  });

  test('pausing again changes nothing, or what is new about it, and never its beginning', async () => {
    await store.pause(pause);
    expect((await store.pause({ ...pause, now: NOW + 5 })).changed).toBe(false);
    expect(await store.pause({ ...pause, reason: 'still', now: NOW + 5 })).toMatchObject({ changed: true, gate: { since: NOW, reason: 'still' } });
  });

  test('a pause that is over begins anew, and can not be ended', async () => {
    await store.pause({ ...pause, until: LATER });
    expect(await store.end({ ...key, state: 'PAUSED', now: LATER })).toBeUndefined();
    expect(await store.pause({ ...pause, now: LATER + 1 })).toMatchObject({ changed: true, gate: { since: LATER + 1, until: null, endedAt: null } });
    await store.end({ ...key, state: 'PAUSED', now: LATER + 2 });
    expect(await store.pause({ ...pause, now: LATER + 3 })).toMatchObject({ changed: true, gate: { since: LATER + 3, endedAt: null } });
  });

  test('gates of other names and states are others', async () => {
    await store.pause({ ...pause, scope: 'all', name: '' });
    await store.pause({ ...pause, scope: 'pool' });
    await store.pause(pause);
    await store.quarantine(quarantine);
    const list = (await store.gates()).map(({ scope, name, state }) => `${scope}:${name}:${state}`);
    expect(list).toEqual(['all::PAUSED', 'pool:API_CALL:PAUSED', 'type:API_CALL:PAUSED', 'type:API_CALL:QUARANTINED']);
    await store.end({ ...key, state: 'PAUSED', now: NOW });
    expect((await store.gates()).filter(({ endedAt }) => endedAt === null)).toHaveLength(3);
  });

  test('of several schedulers that judge the same state the first wins', async () => {
    const answers = await Promise.all([1, 2, 3, 4].map((n) => store.quarantine({ ...quarantine, until: LATER + n })));
    expect(answers.filter((gate) => gate !== undefined)).toHaveLength(1);
    const again = await Promise.all([1, 2, 3, 4].map((n) => store.quarantine({ ...quarantine, trips: 1, until: LATER + 10 + n, now: NOW + 10 })));
    expect(again.filter((gate) => gate !== undefined)).toEqual([expect.objectContaining({ trips: 2, since: NOW })]);
    expect(await store.end({ ...key, state: 'QUARANTINED', trips: 1, now: LATER })).toBeUndefined();
    expect(await store.end({ ...key, state: 'QUARANTINED', trips: 2, now: LATER })).toMatchObject({ endedAt: LATER });
    // Lifted by hand or by another: who still believes in it changes nothing.
    expect(await store.quarantine({ ...quarantine, trips: 2 })).toBeUndefined();
    expect(await store.quarantine({ ...quarantine, now: LATER + 1 })).toMatchObject({ trips: 1, since: LATER + 1, endedAt: null });
  });

  test('a quarantine whose time is over is in force until it is ended', async () => {
    await store.quarantine(quarantine);
    expect(await store.end({ ...key, state: 'QUARANTINED', now: LATER + 1 })).toMatchObject({ endedAt: LATER + 1 });
  });

  test('what ended long ago is forgotten, and nothing else', async () => {
    await store.pause({ ...pause, until: LATER });
    await store.pause({ ...pause, name: 'NOTIFICATION' });
    await store.quarantine(quarantine);
    await store.forget(LATER, 0);
    expect(await store.gates()).toHaveLength(3);
    await store.forget(LATER + 1, 0);
    expect((await store.gates()).map(({ name, state }) => `${name} ${state}`)).toEqual(['API_CALL QUARANTINED', 'NOTIFICATION PAUSED']);
  });
};
