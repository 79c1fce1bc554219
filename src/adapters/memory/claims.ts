/** Claims within one process: the rules are those of the scripts in adapters/redis. */
import type { Clock } from '../../ports/clock';
import type { DagId } from '../../core/ids';
import type { AbandonedClaim, ClaimAnswer, ClaimAudit, ClaimLedger, Claims, FloorAnswer, Wanted, WantedClaim } from '../../ports/leases';
import { failure } from '../../core/failure';
import { createSlots, type Slots } from './slots';

export interface MemoryClaimsNeeds {
  readonly clock: Pick<Clock, 'now'>;
  isLive(session: string): boolean;
  /** Whether the leases just lost their memory. */
  isForgetful(): boolean;
}

export interface MemoryClaims extends Claims, ClaimLedger, ClaimAudit {
  /** Of limits: claims take and free them. */
  readonly slots: Slots;
  forget(): void;
}

interface Entry {
  state: 'held' | 'finished' | 'free';
  dispatch: number;
  grant: number;
  session: string;
  floor: number;
  /** The limits that it takes slots of while it is held. */
  limits: readonly string[];
  /** When it may be forgotten, in milliseconds since 1970; never while it is held by a live session. */
  until: number;
}

const TOMBSTONE_MS = 300_000;
/** A dead holder's claim and a raised floor: far longer than any message of theirs can be on its way. */
const LEFT_MS = 3_600_000;
/** In one process a doubled message comes at once or never, so that the oldest tombstones may go. */
const MAX_ENTRIES = 200_000;
/** 2024-01-01: grants count microseconds from here, which leaves room until 2095. */
const EPOCH_MS = 1_704_067_200_000;
const MAX_DISPATCH_IN_FENCE = 4095;

const NO_LIMITS: readonly string[] = [];

const keyOf = ({ dag, task }: Wanted): string => `${dag}/${String(task)}`;
const fenceOf = ({ dispatch, grant }: Entry): string => ((BigInt(Math.min(dispatch, MAX_DISPATCH_IN_FENCE)) << 51n) | BigInt(grant)).toString();
const grantIn = (fence: string): number => Number(BigInt(fence) & ((1n << 51n) - 1n));

export const createMemoryClaims = ({ clock, isLive, isForgetful }: MemoryClaimsNeeds): MemoryClaims => {
  const entries = new Map<string, Entry>();
  const slots = createSlots({
    now: () => clock.now(),
    isLive,
    isHeld: (key, { dispatch, session }) => {
      const entry = entries.get(key);
      return entry?.state === 'held' && entry.session === session && entry.dispatch === dispatch;
    },
  });
  const leaveSlots = (key: string, entry: Entry | undefined): void => {
    if (entry !== undefined && entry.limits.length > 0) slots.leave(key, entry.limits, entry);
  };

  const isHeld = (entry: Entry): boolean => entry.state === 'held' && isLive(entry.session);
  /** Puts the entry last, and drops what is old at the front: entries leave in about the order of their last change. */
  const keep = (key: string, entry: Entry): void => {
    entries.delete(key);
    entries.set(key, entry);
    for (const [oldKey, old] of entries) {
      if (isHeld(old)) {
        // A long-running one moves to the end, so that it can't shield what lies behind it.
        if (entries.size <= MAX_ENTRIES) break;
        entries.delete(oldKey);
        entries.set(oldKey, old);
        break;
      }
      if (old.until > clock.now() && entries.size <= MAX_ENTRIES) break;
      entries.delete(oldKey);
    }
  };
  const find = (key: string): Entry | undefined => {
    const entry = entries.get(key);
    return entry === undefined || entry.until > clock.now() || isHeld(entry) ? entry : undefined;
  };

  const refuse = (session: string, dispatch: number, entry: Entry): ClaimAnswer | undefined => {
    const holds = isHeld(entry);
    if (holds && entry.session === session && entry.dispatch === dispatch && dispatch >= entry.floor)
      return { kind: 'granted', fence: fenceOf(entry) };
    if (dispatch < entry.floor || dispatch < entry.dispatch) return { kind: 'stale' };
    if (entry.state === 'finished' && dispatch === entry.dispatch) return { kind: 'stale' };
    if (!holds) return undefined;
    return { kind: 'held', session: entry.session, dispatch: entry.dispatch };
  };
  /** The slots of who held it before are free, those of who holds it now are taken. */
  const hold = (session: string, { dispatch, slots: wanted = [], ...of }: WantedClaim, grant: number): Entry => {
    const key = keyOf({ dispatch, ...of });
    const entry = find(key);
    leaveSlots(key, entry);
    slots.take(key, wanted, { dispatch, session });
    const limits = wanted.length === 0 ? NO_LIMITS : wanted.map((slot) => slot.key);
    const held: Entry = { state: 'held', dispatch, grant, session, floor: entry?.floor ?? 0, limits, until: clock.now() + LEFT_MS };
    keep(key, held);
    return held;
  };
  const claimOne = (session: string, wanted: WantedClaim): ClaimAnswer => {
    const key = keyOf(wanted);
    const entry = find(key);
    // The floor was raised over it while its holder was taken for dead: somebody was told that nobody runs it.
    if (entry !== undefined && wanted.dispatch < entry.floor) releaseOne(session, wanted);
    const refused = entry === undefined ? undefined : refuse(session, wanted.dispatch, entry);
    if (refused !== undefined) return refused;
    const full = wanted.slots === undefined ? undefined : slots.full(key, wanted.slots);
    if (full !== undefined) return { kind: 'full', key: full };
    const grant = Math.max((entry?.grant ?? 0) + 1, Math.round((clock.now() - EPOCH_MS) * 1000));
    return { kind: 'granted', fence: fenceOf(hold(session, wanted, grant)) };
  };
  const finishOne = (session: string, done: Wanted): void => {
    const key = keyOf(done);
    const entry = find(key);
    if (entry !== undefined && (entry.dispatch > done.dispatch || (entry.session !== session && entry.dispatch === done.dispatch))) return;
    leaveSlots(key, entry);
    keep(key, {
      state: 'finished',
      dispatch: done.dispatch,
      grant: entry?.grant ?? 0,
      session,
      floor: entry?.floor ?? 0,
      limits: NO_LIMITS,
      until: clock.now() + TOMBSTONE_MS,
    });
  };
  const releaseOne = (session: string, back: Wanted): void => {
    const key = keyOf(back);
    const entry = find(key);
    if (entry?.state !== 'held' || entry.session !== session || entry.dispatch !== back.dispatch) return;
    leaveSlots(key, entry);
    keep(key, { ...entry, state: 'free', limits: NO_LIMITS, until: clock.now() + LEFT_MS });
  };
  const reassertOne = (session: string, held: WantedClaim & { readonly fence: string }): void => {
    const key = keyOf(held);
    const entry = find(key);
    if (entry !== undefined && (entry.dispatch > held.dispatch || entry.state === 'finished' || (isHeld(entry) && entry.session !== session))) return;
    hold(session, held, Math.max(entry?.grant ?? 0, grantIn(held.fence)));
  };
  const mustRemember = (): void => {
    if (isForgetful()) throw failure('LEASES_UNAVAILABLE', 'the leases just lost their memory: ask again after a lease');
  };
  const raiseOne = (wanted: Parameters<Claims['raiseFloor']>[0][number]): FloorAnswer => {
    const key = keyOf(wanted);
    const entry = find(key);
    if (entry !== undefined && isHeld(entry)) return { kind: 'held', session: entry.session, dispatch: entry.dispatch };
    const kind = wanted.sentTo === undefined || isLive(wanted.sentTo) ? 'raised' : 'gone';
    // Nobody runs it any more; who is cut off, or wasn't asked yet after a loss of memory, may.
    if (kind === 'raised' && !isForgetful()) leaveSlots(key, entry);
    const raised = entry ?? { state: 'free', dispatch: 0, grant: 0, session: '-', floor: 0, limits: NO_LIMITS, until: 0 };
    keep(key, { ...raised, floor: Math.max(raised.floor, wanted.dispatch), until: Math.max(raised.until, clock.now() + LEFT_MS) });
    return { kind };
  };
  const holderOf = (wanted: Wanted): Awaited<ReturnType<ClaimLedger['holders']>>[number] => {
    const entry = find(keyOf(wanted));
    if (entry === undefined || entry.dispatch < wanted.dispatch) return { kind: 'absent' };
    if (entry.dispatch > wanted.dispatch || entry.state === 'finished') return { kind: 'finished' };
    return isHeld(entry) ? { kind: 'held', session: entry.session } : { kind: 'absent' };
  };
  const abandonedClaims = (): AbandonedClaim[] => {
    const found: AbandonedClaim[] = [];
    for (const [key, { state, dispatch, session, until }] of entries) {
      if (state !== 'held' || isLive(session) || until <= clock.now()) continue;
      const slash = key.lastIndexOf('/');
      found.push({ dag: key.slice(0, slash) as DagId, task: Number(key.slice(slash + 1)), dispatch, session });
    }
    return found;
  };
  const freeOne = (abandoned: AbandonedClaim): boolean => {
    const entry = find(keyOf(abandoned));
    if (entry?.state !== 'held' || isHeld(entry)) return false;
    if (entry.session !== abandoned.session || entry.dispatch !== abandoned.dispatch) return false;
    releaseOne(abandoned.session, abandoned);
    return true;
  };
  const answered = <T>(answer: () => T): Promise<T> => Promise.resolve().then(answer);

  return {
    slots,
    claim: (session, wanted) =>
      answered(() => {
        if (isForgetful()) return wanted.map(() => ({ kind: 'wait' }) as const);
        if (!isLive(session)) return wanted.map(() => ({ kind: 'ended' }) as const);
        return wanted.map((each) => claimOne(session, each));
      }),
    finish: (session, done) =>
      answered(() => {
        for (const each of done) finishOne(session, each);
      }),
    release: (session, back) =>
      answered(() => {
        for (const each of back) releaseOne(session, each);
      }),
    reassert: (session, held) =>
      answered(() => {
        for (const each of held) reassertOne(session, each);
      }),
    raiseFloor: (wanted) =>
      answered(() => {
        const answers = wanted.map(raiseOne);
        mustRemember();
        return answers;
      }),
    holders: (wanted) =>
      answered(() => {
        mustRemember();
        return wanted.map(holderOf);
      }),
    abandoned: () =>
      answered(() => {
        mustRemember();
        return { claims: abandonedClaims(), next: null, looks: 1 };
      }),
    free: (claims) =>
      answered(() => {
        mustRemember();
        return claims.filter(freeOne).length;
      }),
    forget: () => {
      entries.clear();
    },
  };
};
