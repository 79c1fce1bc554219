/** What dead holders left behind in Redis. */
import type { DagId } from '../../core/ids';
import type { ClaimAudit, AbandonedClaim } from '../../ports/leases';
import { AT_ONCE, FREE_MS, keyOf, mustRemember } from './claims';
import { FREE_BATCH, ABANDONED_STEP } from './claims.lua';
import type { Ask } from './keyspace';

/** Keys in a step, which holds Redis for about a millisecond; a look takes so many of them, one after the other. */
const KEYS = 250;
const STEPS = 40;

const ABANDONED_TEXT = /^(\d+) (\S+) ([0-9a-f-]{36})\/(\d+)$/;

const abandonedClaimOf = (text: string): AbandonedClaim[] => {
  const [, dispatch, session, dag, task] = ABANDONED_TEXT.exec(text) ?? [];
  return session === undefined ? [] : [{ dag: dag as DagId, task: Number(task), dispatch: Number(dispatch), session }];
};

/**
 * Looks by SCAN, 10,000 keys at the most in a look, whoever's they are: what else lies in this Redis makes a round longer. A look costs Redis some
 * 40 ms of its time: a fiftieth of it where there is one each two seconds. With a million keys, which a few thousand tasks a second leave as
 * tombstones, a round takes a hundred looks: more than three minutes then.
 */
export const createRedisClaimAudit = ({ ask }: { readonly ask: Ask }): ClaimAudit => ({
  abandoned: async (from) => {
    const claims: AbandonedClaim[] = [];
    let cursor = from ?? '0';
    let all = 0;
    for (let step = 0; step < STEPS; step++) {
      const answer = await ask(ABANDONED_STEP, [cursor, String(KEYS)]);
      mustRemember(answer);
      const [next = '0', size, ...found] = answer;
      claims.push(...found.flatMap(abandonedClaimOf));
      cursor = next;
      all = Number(size);
      if (cursor === '0') break;
    }
    return { claims, next: cursor === '0' ? null : cursor, looks: Math.max(1, Math.ceil(all / (STEPS * KEYS))) };
  },
  free: async (claims) => {
    let freed = 0;
    for (let i = 0; i < claims.length; i += AT_ONCE) {
      const some = claims.slice(i, i + AT_ONCE);
      const answer = await ask(FREE_BATCH, [String(FREE_MS), ...some.flatMap((each) => [keyOf(each), String(each.dispatch), each.session])]);
      mustRemember(answer);
      freed += Number(answer[0]);
    }
    return freed;
  },
});
