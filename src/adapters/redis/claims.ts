/** Exclusive rights to run, in Redis. */
import { failure } from '../../core/failure';
import type { Service } from '../../lifecycle/service';
import { every } from '../../lifecycle/every';
import type { Timing } from '../../lifecycle/timing';
import type { ClaimAnswer, ClaimLedger, Claims, Wanted, WantedClaim } from '../../ports/leases';
import { CLAIM_BATCH, FINISH_BATCH, HOLDERS_BATCH, KEEP_BATCH, RAISE_BATCH, REASSERT_BATCH, RELEASE_BATCH } from './claims.lua';
import type { Script } from './connection';
import type { Ask } from './keyspace';

export interface RedisClaimsNeeds {
  readonly ask: Ask;
  readonly clock: Timing;
  /** How long a finished task refuses its number, in milliseconds. */
  readonly tombstoneMs: number;
  onError(error: unknown): void;
}

const HOUR_MS = 3_600_000;
/**
 * Redis forgets a claim that nobody has touched for a day, so that those of dead sessions which nobody takes over don't stay
 * for ever; the process that holds one says so again each hour.
 */
const KEEP_MS = 24 * HOUR_MS;
/** A floor or a claim that was given back: far longer than any message can be on its way. */
export const FREE_MS = HOUR_MS;
/** Keys in one script: it holds Redis for about a millisecond then. */
export const AT_ONCE = 500;
const MAX_DISPATCH_IN_FENCE = 4095;
const GRANT_BITS = 51n;

export const keyOf = ({ dag, task }: Wanted): string => `${dag}/${String(task)}`;
const pairsOf = (wanted: readonly Wanted[]): string[] => wanted.flatMap((each) => [keyOf(each), String(each.dispatch)]);
const slotsOf = ({ slots = [] }: WantedClaim): string[] => [String(slots.length), ...slots.flatMap(({ key, max }) => [key, String(max)])];

/** Decimal text below 2^63; beyond 4095 dispatches the grant alone makes it grow. */
export const fenceOf = (dispatch: number, grant: string): string =>
  ((BigInt(Math.min(dispatch, MAX_DISPATCH_IN_FENCE)) << GRANT_BITS) | BigInt(grant)).toString();
const grantIn = (fence: string): string => (BigInt(fence) & ((1n << GRANT_BITS) - 1n)).toString();

const split = (answer: string): [number, string] => {
  const space = answer.indexOf(' ');
  return [Number(answer.slice(1, space)), answer.slice(space + 1)];
};
const claimAnswer = (answer: string): ClaimAnswer => {
  switch (answer[0]) {
    case 'g': {
      const [dispatch, grant] = split(answer);
      return { kind: 'granted', fence: fenceOf(dispatch, grant) };
    }
    case 'h': {
      const [dispatch, session] = split(answer);
      return { kind: 'held', session, dispatch };
    }
    case 'f':
      return { kind: 'full', key: answer.slice(1) };
    case 'w':
      return { kind: 'wait' };
    case 'e':
      return { kind: 'ended' };
    default:
      return { kind: 'stale' };
  }
};
export const mustRemember = (answers: readonly string[]): void => {
  if (answers.includes('w')) throw failure('LEASES_UNAVAILABLE', 'Redis just lost its memory: ask again after a lease');
};

/** The claims, and a service that keeps those of long executions from being forgotten. */
export const createRedisClaims = ({
  ask,
  clock,
  tombstoneMs,
  onError,
}: RedisClaimsNeeds): { claims: Claims; ledger: ClaimLedger; keeper: Service } => {
  /** What this process was granted and hasn't ended: task key → session. */
  const held = new Map<string, string>();

  const inChunks = async <T>(
    script: Script,
    head: readonly string[],
    items: readonly T[],
    argsOf: (chunk: readonly T[]) => string[],
  ): Promise<string[]> => {
    const answers: string[] = [];
    for (let i = 0; i < items.length; i += AT_ONCE) answers.push(...(await ask(script, [...head, ...argsOf(items.slice(i, i + AT_ONCE))])));
    return answers;
  };
  const letGo = (session: string, wanted: readonly Wanted[]): void => {
    for (const each of wanted) if (held.get(keyOf(each)) === session) held.delete(keyOf(each));
  };
  const keepOnce = async (): Promise<void> => {
    await inChunks(KEEP_BATCH, [String(KEEP_MS)], [...held.keys()], (keys) => [...keys]);
  };
  const claims: Claims = {
    claim: async (session, wanted) => {
      const argsOf = (some: readonly WantedClaim[]): string[] => some.flatMap((each) => [keyOf(each), String(each.dispatch), ...slotsOf(each)]);
      const answers = (await inChunks(CLAIM_BATCH, [session, String(KEEP_MS)], wanted, argsOf)).map(claimAnswer);
      answers.forEach((answer, i) => {
        if (answer.kind === 'granted') held.set(keyOf(wanted[i]!), session);
      });
      // A session that is over holds nothing: what it left would be kept for ever otherwise.
      if (answers[0]?.kind === 'ended') for (const [key, holder] of held) if (holder === session) held.delete(key);
      return answers;
    },
    finish: async (session, done) => {
      letGo(session, done);
      await inChunks(FINISH_BATCH, [session, String(tombstoneMs)], done, pairsOf);
    },
    release: async (session, back) => {
      letGo(session, back);
      await inChunks(RELEASE_BATCH, [session, String(FREE_MS)], back, pairsOf);
    },
    reassert: async (session, all) => {
      // Whatever was asked before is answered by then, also where nothing is held.
      if (all.length === 0) await ask(REASSERT_BATCH, [session, String(KEEP_MS)]);
      await inChunks(REASSERT_BATCH, [session, String(KEEP_MS)], all, (some) =>
        some.flatMap((each) => [keyOf(each), String(each.dispatch), grantIn(each.fence), ...slotsOf(each)]),
      );
    },
    raiseFloor: async (wanted) => {
      const answers = await inChunks(RAISE_BATCH, [String(FREE_MS)], wanted, (some) =>
        some.flatMap((each) => [keyOf(each), String(each.dispatch), each.sentTo ?? '-']),
      );
      mustRemember(answers);
      return answers.map((answer) => {
        if (answer[0] !== 'h') return { kind: answer === 'x' ? 'gone' : 'raised' };
        const [dispatch, session] = split(answer);
        return { kind: 'held', session, dispatch };
      });
    },
  };
  const ledger: ClaimLedger = {
    holders: async (wanted) => {
      const answers = await inChunks(HOLDERS_BATCH, [], wanted, pairsOf);
      mustRemember(answers);
      return answers.map((answer) => {
        if (answer[0] === 'h') return { kind: 'held', session: split(answer)[1] };
        return { kind: answer === 'f' ? 'finished' : 'absent' };
      });
    },
  };
  return { claims, ledger, keeper: every({ name: 'claim keeper', ms: HOUR_MS, clock, once: keepOnce, onError }) };
};
