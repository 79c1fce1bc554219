/** A shard as its owner has it in memory. */
import type { DagRecord } from '../core/change';
import type { DagId } from '../core/ids';
import { runOfRecord } from '../core/restore';
import { forEachReady, type Run } from '../core/run';
import { CODE } from '../core/states';
import type { Ready } from '../core/step';
import type { CommandStore, LogPosition, OwnedShard, RunStore } from '../ports/store';
import { createRecent, type Recent } from './recent';
import { createVouchers, type Vouchers } from './vouchers';

export interface LiveShard {
  readonly shard: number;
  readonly epoch: number;
  position: LogPosition;
  /** The law's time: the newest record's timestamp, never lower than before. */
  now: number;
  readonly runs: Map<DagId, Run>;
  /** When it was taken, by this process's clock. */
  readonly takenAt: number;
  /** DAGs that were read from the store lately: they may be over by now. */
  readonly found: Recent;
  readonly vouchers: Vouchers;
  /** Numbers of commands that were settled lately. */
  readonly settled: Recent;
  /** False once the shard was given up: what still refers to it does nothing. */
  live: boolean;
}

/** Twice as many at most: far more than are told again within the time that a hint may be late. */
const SETTLED_REMEMBERED = 20_000;
/** Far more than are found within the time that the answer to a submission may take. */
const FOUND_REMEMBERED = 20_000;
/** Longer than a hint may be late. */
const SETTLED_BEFORE_MS = 600_000;

export const newLiveShard = ({ shard, epoch, position }: OwnedShard, sessionLeaseMs: number, takenAt: number): LiveShard => ({
  shard,
  epoch,
  position,
  now: position.last?.timestamp ?? 0,
  runs: new Map(),
  takenAt,
  found: createRecent(FOUND_REMEMBERED),
  vouchers: createVouchers(sessionLeaseMs, position.last?.timestamp ?? -Infinity),
  settled: createRecent(SETTLED_REMEMBERED),
  live: true,
});

/**
 * Adds a DAG from the store, unless it is known already; the answer is the run that was added. What became ready did so by the
 * law's time, which the records that are still to be read go on from; the wall clock is ahead of them after an outage, and ends
 * would come before begins.
 */
export const addRecord = (shard: LiveShard, record: DagRecord): Run | undefined => {
  if (!shard.live || shard.runs.has(record.dag)) return undefined;
  const run = runOfRecord(record, Math.max(shard.now, record.createdAt));
  shard.runs.set(run.dag, run);
  shard.found.add(run.dag);
  return run;
};

/**
 * Reads which commands were settled before this scheduler took the shard. They were settled at the law's time, which goes on where it
 * stopped, however long everything was away.
 */
export const loadSettled = async (shard: LiveShard, commands: Pick<CommandStore, 'settledCommands'>): Promise<void> => {
  for (const id of await commands.settledCommands(shard.shard, shard.now - SETTLED_BEFORE_MS)) shard.settled.add(id);
};

/** Reads every live DAG of a shard into memory, handing each to `added`; stops early when the shard is given up. */
export const load = async (shard: LiveShard, store: Pick<RunStore, 'liveDags'>, added: (run: Run) => void): Promise<void> => {
  for await (const page of store.liveDags(shard.shard)) {
    if (!shard.live) return;
    for (const record of page) {
      const run = addRecord(shard, record);
      if (run !== undefined) added(run);
    }
  }
};

/** Tasks that a command took away before this scheduler had the shard. */
export const cancellingOf = (run: Run): { run: Run; task: number; dispatch: number }[] => {
  const found: { run: Run; task: number; dispatch: number }[] = [];
  run.state.forEach((state, task) => {
    if (state === CODE.CANCELLING) found.push({ run, task, dispatch: run.dispatch[task]! });
  });
  return found;
};

/** Readiness that no row tells: it was derived from them a moment ago, at the law's present. */
export const derivedIn = (run: Run, now: number): Ready[] => {
  const derived: Ready[] = [];
  forEachReady(run, (task) => {
    if (run.since[task]! >= now) derived.push({ run, task, dispatch: run.dispatch[task]! });
  });
  return derived;
};
