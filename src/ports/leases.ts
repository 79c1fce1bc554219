/**
 * What may be forgotten: sessions, claims, precedence. Redis, or memory within one process. Every call rejects with
 * `LeasesUnavailable` (core/failure) where it can't be reached in time.
 */
import type { DagId } from '../core/ids';
import type { Slot } from '../core/limits';
import type { Standing } from '../core/standing';

/** What a worker says of itself when it comes. */
export interface WorkerDescription {
  readonly workerId: string;
  readonly host: string;
  readonly port: number;
  /** The URL under which others reach it, where that isn't its host's name and the port; older workers don't say. */
  readonly url?: string | undefined;
  readonly version: string;
  readonly region: string;
  readonly tags: readonly string[];
  readonly types: readonly string[];
  readonly slots: number;
  /** How many tasks of a type share a slot, where more than one may; older workers don't say. */
  readonly perSlot?: Readonly<Record<string, number>>;
}

/** What a worker says with each heartbeat; shared memory, so that a thread can read it while the main one is busy. */
export interface Vitals {
  /**
   * [free slots, tasks held, beats of the main loop, 1 while draining, milliseconds from the last beat until a task that only the
   * process's end can end is past its hard limit (0 for none)]
   */
  readonly cells: Int32Array<SharedArrayBuffer>;
}
export const VITALS = { freeSlots: 0, held: 1, beats: 2, draining: 3, allowanceMs: 4 } as const;
export const VITALS_BYTES = 20;

/**
 * What operators ask of a worker, which hears of it with its next heartbeat: to finish what it has and leave; to finish
 * and stay without taking anything; to work again after that; to be gone at once, its tasks run elsewhere.
 */
export type Wish = 'leave' | 'stay' | 'work' | 'remove';

export interface Session {
  readonly id: string;
  /** The inbox that is this session's alone. */
  readonly inbox: number;
  /** From now on dispatchers see the worker: called once its inbox is being read. */
  announce(): Promise<void>;
  /** Aborted, with the reason, when the lease ended or was taken: whatever the session held isn't its any more. */
  readonly ended: AbortSignal;
  /**
   * For how many milliseconds the claims still keep others off, by this process's own clock; 0 once the lease is over. It may be long
   * before `ended` tells: whoever was suspended hasn't heard yet, and a word in the log keeps the session alive, though not its claims.
   */
  leaseLeftMs(): number;
  /** The last wish that this session heard of; undefined for none. */
  wish(): Wish | undefined;
  /** Ends the session at once; whoever waits for it needn't wait for the lease. */
  close(): Promise<void>;
}

export interface WorkerSessions {
  /**
   * Takes the worker's id and an inbox, and renews both in the background until closed. Rejects with `WorkerIdHeld`
   * (core/failure) while another session holds the id; a dead holder's id is free when its lease ends.
   * `vouch` tells the shards' log that the session lives, and resolves when that is durable: it is called again and again
   * while a renewal isn't answered, and keeps the session alive meanwhile.
   */
  open(worker: WorkerDescription, vitals: Vitals, vouch?: (session: string) => Promise<void>): Promise<Session>;
}

/** A live, announced worker as the dispatchers see it. */
export interface LiveWorker extends WorkerDescription {
  readonly session: string;
  readonly inbox: number;
  readonly freeSlots: number;
  readonly held: number;
  readonly draining: boolean;
  readonly lastHeartbeatAt: number;
}

export interface Roster {
  /**
   * Who lives. `trusted` is false for one full lease after the leases' memory was lost: then absence proves nothing.
   */
  read(): Promise<{ workers: LiveWorker[]; trusted: boolean }>;
  ping(): Promise<void>;
}

/** A worker whose lease ended without a word, as it was last heard of. */
export interface LostWorker extends WorkerDescription {
  readonly session: string;
  readonly held: number;
  readonly lastHeartbeatAt: number;
}

/** What operators do to workers. */
export interface WorkerControl {
  /**
   * Leaves a wish for the worker's live session; `leaving` where it was asked to leave already, which is never taken back.
   * With `remove` the lease isn't renewed any more: where there is no heartbeat that could hear of it, it ends by itself.
   */
  ask(workerId: string, wish: Wish): Promise<'asked' | 'leaving' | 'absent'>;
  /** Workers lost in the last ten minutes that haven't come back. */
  lost(): Promise<LostWorker[]>;
  /** Forgets that a worker was lost; false where it wasn't. */
  forget(workerId: string): Promise<boolean>;
}

/**
 * Duties of one process alone. The lead lasts for one lease from the moment that it was asked for, by the asker's own clock;
 * it is renewed by asking again. What a leader writes elsewhere is guarded by the fence, which grows with each new lead.
 */
export interface Leadership {
  /** Takes or renews the lead of a duty; the fence (decimal text), or null while somebody else leads or the leases just lost their memory. */
  lead(duty: string, candidate: string): Promise<string | null>;
  /** Gives the lead up, so that nobody has to wait for its end. */
  resign(duty: string, candidate: string): Promise<void>;
}

export interface Wanted {
  readonly dag: DagId;
  readonly task: number;
  readonly dispatch: number;
}

/** With the slots that it takes while it runs; absent for none. */
export type WantedClaim = Wanted & { readonly slots?: readonly Slot[] };

export type ClaimAnswer =
  | { readonly kind: 'granted'; readonly fence: string }
  /** Another live session holds it. */
  | { readonly kind: 'held'; readonly session: string; readonly dispatch: number }
  /** It was finished under this or a later number, or the number is below the floor. */
  | { readonly kind: 'stale' }
  /** Nobody holds it, but its slot was given up, and all of this limit are taken by other tasks. */
  | { readonly kind: 'full'; readonly key: string }
  /** The leases just lost their memory: ask again after a lease. */
  | { readonly kind: 'wait' }
  /** The asking session is over. */
  | { readonly kind: 'ended' };

/** Exclusive rights to run one dispatch of a task. Answers in the order asked. */
export interface Claims {
  claim(session: string, wanted: readonly WantedClaim[]): Promise<ClaimAnswer[]>;
  /** The handler has ended and its report is durable: the claim becomes a tombstone that refuses the same number for 5 minutes. */
  finish(session: string, done: readonly Wanted[]): Promise<void>;
  /** Gives claims back unfinished. */
  release(session: string, back: readonly Wanted[]): Promise<void>;
  /** Says again what this session holds, with its slots, after the leases lost their memory. */
  reassert(session: string, held: readonly (WantedClaim & { readonly fence: string })[]): Promise<void>;
  /**
   * Before a dispatch with a number above 1: no lower number is granted from now on; answers per task whether a live session still
   * holds it. Where `sentTo` is given and that session isn't live, the answer is `gone`: the floor is raised, yet who is cut off from
   * the leases alone may have it. Where the leases just lost their memory it rejects, though the floors are raised: who holds a task
   * says so again whatever the floor, and nobody else can begin below it.
   */
  raiseFloor(wanted: readonly (Wanted & { readonly sentTo?: string | undefined })[]): Promise<FloorAnswer[]>;
}

export type FloorAnswer = { readonly kind: 'raised' | 'gone' } | { readonly kind: 'held'; readonly session: string; readonly dispatch: number };

/** Who holds what, asked about dispatches that nobody has reported on for long. */
export interface ClaimLedger {
  holders(
    wanted: readonly Wanted[],
  ): Promise<({ readonly kind: 'held'; readonly session: string } | { readonly kind: 'finished' } | { readonly kind: 'absent' })[]>;
}

/** A claim that is held by a session which isn't live: nobody ends it any more, whoever needs the task takes it over. */
export interface AbandonedClaim extends Wanted {
  readonly session: string;
}

/** Finds what dead holders left behind. Both calls reject with `LeasesUnavailable` for a lease after a loss of memory, too: absence proves nothing then. */
export interface ClaimAudit {
  /**
   * One look, from where another one ended, or null for the beginning; `next` is null where a round is over. A look reads a bounded part of the
   * keys: a round takes `looks` of them, which grows with all that the leases hold. What is left through a whole round is seen in it.
   */
  abandoned(from: string | null): Promise<{ readonly claims: readonly AbandonedClaim[]; readonly next: string | null; readonly looks: number }>;
  /**
   * Gives back those that still are as they were seen, as their holders would have: floor, number and grant stay, so that fences go on to grow.
   * The claim of a live session, or of another dispatch, is never touched. Answers how many.
   */
  free(claims: readonly AbandonedClaim[]): Promise<number>;
}

/** With several schedulers, none sends a worker a priority lower than the highest that any has waiting of its types, and flows get their shares over all of them. */
export interface Precedence {
  /** Publishes what waits at this scheduler, forgotten after a second, and answers what the others have published. */
  publish(scheduler: string, standing: Standing): Promise<ReadonlyMap<string, Standing>>;
}
