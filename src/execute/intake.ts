/** What comes in: drops what isn't meant for this session, remembers what is, and claims it. */
import type { Dispatched } from '../core/event';
import { isFailure } from '../core/failure';
import type { Clock } from '../ports/clock';
import type { Announce } from '../ports/happenings';
import type { ClaimAnswer, Claims, WantedClaim } from '../ports/leases';
import type { WorkOrder } from '../ports/transport';
import { claimOf, numberedKeyOf } from './attempt';
import type { Held } from './prefetch';
import type { Returns } from './returns';

export interface IntakeNeeds {
  readonly session: string;
  readonly claims: Pick<Claims, 'claim'>;
  readonly returns: Returns;
  readonly clock: Clock;
  readonly announce: Announce;
  /** Whether what is granted may still be run, asked anew after every wait. */
  readonly isTaking: () => boolean;
  readonly isLeaving: () => boolean;
  /** These were claimed and may run. */
  readonly granted: (held: readonly Held[]) => void;
  /** These were claimed too late. */
  readonly giveBack: (held: readonly Held[]) => Promise<void>;
}

type Wanted = Omit<Held, 'fence' | 'claimedAt'>;

/** A dispatch that took longer than this to arrive is left to the scheduler, which has given it up by now. */
const STALE_MS = 60_000;
const ASK_AGAIN_MS = 200;
/** Claims of fewer are answered about as soon as one. */
const MANY = 64;
/** What matters most is claimed by itself where the rest is so many times as much. */
const MANY_TIMES = 3;
/** Ended dispatches that are remembered: a message that comes twice may come before the claim is a tombstone. */
const REMEMBERED = 5000;

/** The leases answer sooner for few: what matters most doesn't wait for the claims of many that matter less. */
const mostImportantFirst = (wanted: readonly Wanted[]): readonly (readonly Wanted[])[] => {
  if (wanted.length < MANY) return [wanted];
  const highest = wanted.reduce((top, { dispatch }) => Math.max(top, dispatch.priority), 0);
  const first = wanted.filter(({ dispatch }) => dispatch.priority === highest);
  if (wanted.length - first.length < MANY_TIMES * first.length) return [wanted];
  return [first, wanted.filter(({ dispatch }) => dispatch.priority < highest)];
};

export class Intake {
  /** Every dispatch that this session asked for or was granted: what arrives again is known. */
  private readonly known = new Set<string>();
  private ended: string[] = [];
  private readonly newestEpoch = new Map<number, number>();
  /** Being claimed; true once the dispatch was revoked meanwhile. */
  private readonly claiming = new Map<string, boolean>();

  constructor(private readonly needs: IntakeNeeds) {}

  /** Whether an order is this session's, from a scheduler that isn't known to be deposed. */
  isForUs({ session, shard, epoch }: WorkOrder): boolean {
    const newest = this.newestEpoch.get(shard) ?? 0;
    if (session !== this.needs.session || epoch < newest) return false;
    this.newestEpoch.set(shard, epoch);
    return true;
  }

  /** Resolves when everything was claimed, refused, or is to be asked again. */
  async take(orders: readonly WorkOrder[]): Promise<void> {
    const wanted: Wanted[] = [];
    let repeated = 0;
    for (const order of orders) {
      if (this.needs.clock.now() - order.sentAt >= STALE_MS) continue;
      for (const dispatch of order.dispatches) {
        if (!this.isNew(dispatch)) {
          repeated += 1;
          continue;
        }
        wanted.push({ dispatch, shard: order.shard, sentAt: order.sentAt, origin: order.origin });
      }
    }
    if (repeated > 0) this.needs.announce('dispatch.repeated', { count: repeated });
    await Promise.all(mostImportantFirst(wanted).map((lot) => this.claim(lot)));
  }

  /** Gives back unclaimed what was sent before the scheduler knew that this worker leaves. */
  async turnAway(orders: readonly WorkOrder[]): Promise<void> {
    const fresh = orders.flatMap(({ dispatches }) => dispatches).filter((dispatch) => this.isNew(dispatch));
    await this.needs.returns.tell(fresh, true);
  }

  /** A dispatch that doesn't run here was revoked. True where it is being claimed: then it is withdrawn when that is answered. */
  revoke(dispatch: Dispatched): boolean {
    const key = numberedKeyOf(dispatch);
    if (this.claiming.has(key)) {
      this.claiming.set(key, true);
      return true;
    }
    // A message of it that is still on its way must not be run.
    if (this.isNew(dispatch)) this.forgetLater(dispatch);
    return false;
  }

  /** It has ended: it is forgotten when thousands of others have, too. */
  forgetLater(dispatch: Dispatched): void {
    this.ended.push(numberedKeyOf(dispatch));
    if (this.ended.length < 2 * REMEMBERED) return;
    for (const key of this.ended.slice(0, REMEMBERED)) this.known.delete(key);
    this.ended = this.ended.slice(REMEMBERED);
  }

  private isNew(dispatch: Dispatched): boolean {
    const key = numberedKeyOf(dispatch);
    if (this.known.has(key)) return false;
    this.known.add(key);
    return true;
  }

  private async claim(wanted: readonly Wanted[]): Promise<void> {
    for (const { dispatch } of wanted) this.claiming.set(numberedKeyOf(dispatch), false);
    const open = await this.askOnce(wanted);
    if (open.length === 0) return;
    this.askAgain(open).catch((error: unknown) => {
      this.needs.announce('loop.failed', { loop: 'claim', error });
    });
  }

  /** As long as this session takes work; what comes behind it isn't held up, least of all its revocation. */
  private async askAgain(first: readonly Wanted[]): Promise<void> {
    let open = first;
    while (open.length > 0 && this.needs.isTaking()) {
      await new Promise<void>((resolve) => this.needs.clock.after(ASK_AGAIN_MS, resolve));
      open = await this.askOnce(open);
    }
    for (const { dispatch } of open) this.claiming.delete(numberedKeyOf(dispatch));
    if (!this.needs.isLeaving()) return;
    await this.needs.returns.tell(
      open.map(({ dispatch }) => dispatch),
      true,
    );
  }

  /** Answers what has to be asked again. */
  private async askOnce(open: readonly Wanted[]): Promise<readonly Wanted[]> {
    if (open.length === 0 || !this.needs.isTaking()) return open;
    return this.settle(open, await this.ask(open.map(({ dispatch }) => claimOf(dispatch))));
  }

  /** Answers what has to be asked again. */
  private async settle(open: readonly Wanted[], answers: readonly (ClaimAnswer | undefined)[]): Promise<Wanted[]> {
    const [again, granted] = [[] as Wanted[], [] as Held[]];
    const claimedAt = this.needs.clock.now();
    const [withdrawn, back, stale] = [[] as Dispatched[], [] as Dispatched[], [] as Dispatched[]];
    open.forEach((each, i) => {
      const [answer, key] = [answers[i], numberedKeyOf(each.dispatch)];
      if (this.claiming.get(key) === true) withdrawn.push(each.dispatch);
      // A session that is over to the leases may be brought back by its word in the log, and an earlier answer may have been lost:
      // as long as this session takes work it asks again, or its claim would be held by nobody who knows.
      else if (answer === undefined || answer.kind === 'wait' || answer.kind === 'ended') again.push(each);
      else if (answer.kind === 'granted') granted.push({ ...each, fence: answer.fence, claimedAt });
      // It waits for its slot where it lets others pass: with its scheduler.
      else if (answer.kind === 'full') back.push(each.dispatch);
      else {
        this.known.delete(key);
        if (answer.kind === 'stale') stale.push(each.dispatch);
      }
      if (again.at(-1) !== each) this.claiming.delete(key);
    });
    // Where the worker left, or lost its session, while it asked, no handler may start any more.
    if (this.needs.isTaking()) this.needs.granted(granted);
    else await this.needs.giveBack(granted);
    // It ended, or a later number was sent, and the log says so already: then this is refused. Where the log was lost with what it said,
    // nobody else would tell for seconds that the task must be sent again.
    void this.needs.returns.tell(stale, false);
    if (withdrawn.length > 0) await this.needs.returns.withdraw(withdrawn);
    if (back.length > 0) await this.needs.returns.tell(back, this.needs.isLeaving());
    for (const dispatch of [...withdrawn, ...back]) this.forgetLater(dispatch);
    return again;
  }

  /** Undefined answers where the leases are away: they are asked again. */
  private async ask(wanted: readonly WantedClaim[]): Promise<readonly (ClaimAnswer | undefined)[]> {
    const { claims, session, clock, announce } = this.needs;
    const began = clock.monotonic();
    try {
      const answers = await claims.claim(session, wanted);
      let [granted, duplicates] = [0, 0];
      for (const { kind } of answers)
        if (kind === 'granted') granted += 1;
        else if (kind === 'held' || kind === 'stale') duplicates += 1;
      announce('claim.answered', { granted, refused: answers.length - granted, duplicates, tookMs: clock.monotonic() - began });
      return answers;
    } catch (error) {
      if (!isFailure(error)) throw error;
      announce('loop.failed', { loop: 'claim', error });
      return [];
    }
  }
}
