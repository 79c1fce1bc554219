/**
 * What this scheduler knows of limits between two answers of the leases, so that it asks only for what there may be room for: how many
 * of its own tasks are out, and how many more may be tried. The leases decide; this may be wrong either way.
 *
 * A limit that the leases called full is asked about again: soon where something of this scheduler's has just ended, since its worker
 * frees the slot a moment after its report, and each 50 ms otherwise, since the slots may be another scheduler's.
 */
import type { Rate, Slot, TaskLimits } from '../core/limits';
import type { Clock } from '../ports/clock';

export interface AllowancesNeeds {
  readonly clock: Pick<Clock, 'monotonic' | 'after'>;
  /** Whether tasks were put aside behind this. */
  readonly isWaitedFor: (key: string) => boolean;
  /** Some of it may be due. */
  readonly due: () => void;
}

interface Known {
  /** Tasks that this scheduler has sent or is about to, of a slot. */
  held: number;
  max: number;
  /** How many more may be tried; infinite where nobody said that it is full. */
  left: number;
  /** When it is asked about again. */
  askAt: number | undefined;
  pauseMs: number;
  /** Something waits for it. */
  wanted: boolean;
  readonly rate: Rate | undefined;
  usedAt: number;
}

const SOONEST_MS = 5;
const LATEST_MS = 50;
/** Starts that are allowed one by one are let through in groups of about so many milliseconds, where the burst allows that. */
const GROUP_MS = 20;

const intervalOf = ({ perSecond }: Rate): number => 1000 / perSecond;
const groupMs = (rate: Rate): number => Math.max(intervalOf(rate), Math.min(GROUP_MS, (intervalOf(rate) * rate.burst) / 2));

export class Allowances {
  private readonly known = new Map<string, Known>();
  /** What there may be room for again since something waited for it. */
  private readonly open = new Set<string>();
  private wake: { readonly at: number; readonly cancel: () => void } | undefined;

  constructor(private readonly needs: AllowancesNeeds) {}

  /** What a task has to wait behind, as far as is known; undefined where it may be tried. */
  behind({ slots, rates }: TaskLimits): string | undefined {
    for (const slot of slots) if (this.isUsedUp(this.find(slot), slot.key)) return slot.key;
    for (const rate of rates) if (this.isUsedUp(this.findRate(rate), rate.key)) return rate.key;
    return undefined;
  }

  /** A task is on its way. */
  took({ slots, rates }: TaskLimits): void {
    for (const slot of slots) {
      const known = this.find(slot) ?? this.make(slot.key, slot.max);
      known.held += 1;
      known.left -= 1;
      this.noteUsedUp(slot.key, known);
    }
    for (const rate of rates) {
      const known = this.findRate(rate);
      known.left -= 1;
      known.usedAt = this.needs.clock.monotonic();
      this.noteUsedUp(rate.key, known);
    }
  }

  /** A task is out no more: it has ended, or was never sent. */
  gave({ slots }: Pick<TaskLimits, 'slots'>): void {
    for (const { key } of slots) {
      const known = this.known.get(key);
      if (known === undefined) continue;
      known.held -= 1;
      known.left += 1;
      known.pauseMs = SOONEST_MS;
      this.open.add(key);
      this.tidy(key, known);
    }
  }

  /** A task was never sent: nothing of its rates was used up. */
  refund(rates: readonly Rate[]): void {
    for (const rate of rates) this.findRate(rate).left += 1;
  }

  /** A task waits for something else than its limits: what it was counted towards may go to the next. */
  untried({ slots, rates }: TaskLimits): void {
    this.refund(rates);
    for (const { key } of [...slots, ...rates]) this.open.add(key);
    this.needs.due();
  }

  /** The leases say that a limit is full. */
  full({ key, max }: Slot): void {
    const known = this.known.get(key) ?? this.make(key, max);
    known.left = 0;
    this.askLater(known);
    this.noteUsedUp(key, known);
  }

  /** The leases say that the next one may begin in so many milliseconds. */
  later(rate: Rate, ms: number): void {
    const known = this.findRate(rate);
    known.left = 0;
    known.askAt = this.needs.clock.monotonic() + Math.max(ms, Math.min(GROUP_MS, groupMs(rate)));
    this.noteUsedUp(rate.key, known);
  }

  /** Nothing of these is tried for a while: the leases are away. */
  pause({ slots, rates }: TaskLimits, ms: number): void {
    const until = this.needs.clock.monotonic() + ms;
    const pauseKnown = (key: string, known: Known): void => {
      known.left = 0;
      known.askAt = until;
      this.noteUsedUp(key, known);
    };
    for (const slot of slots) pauseKnown(slot.key, this.find(slot) ?? this.make(slot.key, slot.max));
    for (const rate of rates) pauseKnown(rate.key, this.findRate(rate));
  }

  /** Slots to ask the leases about, whose time has come; rates whose time has come are open again. */
  due(): string[] {
    const now = this.needs.clock.monotonic();
    const slots: string[] = [];
    for (const [key, known] of this.known) {
      if (known.askAt === undefined || known.askAt > now) continue;
      known.askAt = undefined;
      if (!known.wanted) this.forget(key, known);
      else if (known.rate === undefined) slots.push(key);
      else this.reopen(key, known, Math.max(1, Math.min(known.rate.burst, Math.floor((now - known.usedAt) / intervalOf(known.rate)))));
    }
    this.plan();
    return slots;
  }

  /** How many slots of a limit are taken, by anybody. */
  learn(key: string, taken: number): void {
    const known = this.known.get(key);
    if (known === undefined) return;
    const room = known.max - taken;
    if (room <= 0) this.askLater(known);
    else this.reopen(key, known, room >= known.max - known.held ? Infinity : room);
    this.plan();
  }

  /** Nobody could say how many are taken. */
  unanswered(key: string): void {
    const known = this.known.get(key);
    if (known !== undefined) this.askLater(known);
    this.plan();
  }

  /** What something waited for and there may be room for again, with how many may be tried; asked once. */
  reopened(): [string, number][] {
    const open = [...this.open].map((key): [string, number] => [key, this.roomOf(key)]);
    this.open.clear();
    return open.filter(([, room]) => room > 0);
  }

  /** Something waits behind another limit than this one, which may have room for the next. */
  passedOver(key: string): void {
    this.open.add(key);
  }

  /** Looks at all of these again, and forgets what hasn't been used for long. */
  review(waiting: Iterable<string>): void {
    for (const key of waiting) this.open.add(key);
    const now = this.needs.clock.monotonic();
    for (const [key, { rate, usedAt, askAt }] of this.known)
      if (rate !== undefined && askAt === undefined && now - usedAt > rate.burst * intervalOf(rate)) this.known.delete(key);
  }

  private roomOf(key: string): number {
    const known = this.known.get(key);
    if (known === undefined) return Infinity;
    return known.rate === undefined ? Math.min(known.left, known.max - known.held) : known.left;
  }

  /**
   * What was put aside isn't looked at again before there is room: nobody else would notice that this is to be asked about, least of all where
   * the task that used it up is taken away meanwhile.
   */
  private noteUsedUp(key: string, known: Known): void {
    if (this.needs.isWaitedFor(key)) this.isUsedUp(known, key);
  }

  private isUsedUp(known: Known | undefined, key: string): boolean {
    if (known === undefined || this.roomOf(key) > 0) return false;
    known.wanted = true;
    // Its own end opens what is held here alone; all else is asked about.
    if (known.rate !== undefined && known.askAt === undefined) known.askAt = known.usedAt + groupMs(known.rate);
    if (known.rate === undefined && known.left <= 0 && known.askAt === undefined) this.askLater(known);
    this.wakeAt(known.askAt);
    return true;
  }

  private find({ key, max }: Slot): Known | undefined {
    const known = this.known.get(key);
    if (known !== undefined) known.max = max;
    return known;
  }

  private findRate(rate: Rate): Known {
    const known = this.known.get(rate.key);
    if (known?.rate?.perSecond === rate.perSecond && known.rate.burst === rate.burst) return known;
    return this.make(rate.key, Infinity, rate);
  }

  private make(key: string, max: number, rate?: Rate): Known {
    const known: Known = {
      held: this.known.get(key)?.held ?? 0,
      max,
      left: rate?.burst ?? Infinity,
      askAt: undefined,
      pauseMs: SOONEST_MS,
      wanted: false,
      rate,
      usedAt: this.needs.clock.monotonic(),
    };
    this.known.set(key, known);
    return known;
  }

  private reopen(key: string, known: Known, left: number): void {
    known.left = left;
    known.wanted = false;
    known.pauseMs = SOONEST_MS;
    this.open.add(key);
    this.tidy(key, known);
  }

  /** Nothing waits for it: the next that comes is tried. */
  private forget(key: string, known: Known): void {
    known.left = Infinity;
    known.pauseMs = SOONEST_MS;
    if (known.rate === undefined) this.tidy(key, known);
    else this.known.delete(key);
  }

  /** Nothing of it is out, and nobody waits for it or is about to hear of it. */
  private tidy(key: string, { held, left, askAt, rate }: Known): void {
    if (rate !== undefined || held > 0) return;
    if (left === Infinity || (askAt === undefined && !this.needs.isWaitedFor(key))) this.known.delete(key);
  }

  private askLater(known: Known): void {
    known.askAt = this.needs.clock.monotonic() + known.pauseMs;
    known.pauseMs = Math.min(LATEST_MS, known.pauseMs * 2);
    if (known.wanted) this.wakeAt(known.askAt);
  }

  private plan(): void {
    let soonest = Infinity;
    for (const { askAt, wanted } of this.known.values()) if (wanted && askAt !== undefined) soonest = Math.min(soonest, askAt);
    if (soonest < Infinity) this.wakeAt(soonest);
  }

  private wakeAt(at: number | undefined): void {
    if (at === undefined || (this.wake !== undefined && this.wake.at <= at)) return;
    this.wake?.cancel();
    const cancel = this.needs.clock.after(Math.max(0, at - this.needs.clock.monotonic()), () => {
      this.wake = undefined;
      this.needs.due();
    });
    this.wake = { at, cancel };
  }
}
