/**
 * Owns shards: keeps their live DAGs in memory, applies what their logs tell, commits it, and hands on what became
 * ready. Which shards those are is the business of ownership.ts.
 */
import type { PlannedDag } from '../core/dag';
import { shardOf, type DagId } from '../core/ids';
import { isFinalDag } from '../core/dag';
import { forEachReady, hasUpstream, isCutOff, runOfPlan, type Run } from '../core/run';
import type { Ready } from '../core/step';
import { DEFAULT_LAW, type LawSettings } from '../core/transition';
import type { Service } from '../lifecycle/service';
import type { Clock } from '../ports/clock';
import type { Announce } from '../ports/happenings';
import type { CommandStore, OwnedShard, RunStore } from '../ports/store';
import type { EventLog, LogReader, LogRecord } from '../ports/transport';
import type { Batch } from './batch';
import { createCaution } from './caution';
import { createCommitter, type Committer } from './committer';
import { createDiscovery } from './discovery';
import { announceOutcomes, recordSpans } from './tidings';
import { cancellingOf, derivedIn, load, loadSettled, newLiveShard, type LiveShard } from './liveShard';
import { memoryOf, type Memory } from './memory';
import type { Outlet } from './outlet';
import { createReadBack, isStillReady } from './readBack';
import { createLatecomers } from './latecomers';
import { createCutOffs } from './cutOffs';
import type { AdvanceSpans } from './spans';
import { createSummons } from './summons';
import { createUnwritten } from './unwritten';

export interface AdvancerNeeds {
  readonly store: Pick<RunStore, 'commit' | 'liveDag' | 'liveDags' | 'anyDag'>;
  readonly commands: Pick<CommandStore, 'settledCommands' | 'refuseCommands'>;
  readonly log: EventLog;
  readonly clock: Clock;
  readonly announce: Announce;
  readonly outlet: Outlet;
  /** Where the transport is durable, a first dispatch may leave before the commit that made it ready. */
  readonly firstBeforeCommit: boolean;
  /** Whether the leases of the owned shards last by this process's own clock. */
  readonly isLive: () => boolean;
  /** These shards were given up and must be taken anew. */
  readonly doubted: (shards: readonly number[]) => void;
  /** Milliseconds that a worker's word in the log counts for. */
  readonly sessionLeaseMs: number;
  readonly law?: LawSettings;
  /** Absent where nothing is traced. */
  readonly spans?: AdvanceSpans | undefined;
}

export interface Advancer extends Service, Memory {
  /** Loads a shard that this scheduler has just acquired and goes on where its log was left. */
  take(owned: OwnedShard): Promise<void>;
  /** Gives a shard up: commits what is under way unless the epoch was raised meanwhile, then forgets it. */
  drop(shard: number, reason: string): Promise<void>;
  /** A DAG that this process has just stored; whoever owns its shard hears of it where this one doesn't, or may not any more. */
  admit(plan: PlannedDag): void;
  /** Reads a DAG that is stored but unknown here, if its shard is owned. */
  discover(dag: DagId, shard: number): Promise<void>;
  /** Tasks that became ready a while ago are written as QUEUED, those that were sent with the time of that. */
  writeWaiting(): void;
  /** Cascades that should have gone on long ago and marks that should have come back are told again. */
  goOnAgain(): void;
}

/** Final in memory is not enough: an end that isn't committed yet would be read as it was before. Whoever commits it forgets the run. */
const isOver = (run: Run, committer: Pick<Committer, 'hasOpen'>): boolean => isFinalDag(run.status) && !committer.hasOpen(run);

const MAX_OPEN_EVENTS = 8000;

export const createAdvancer = (needs: AdvancerNeeds): Advancer => {
  const { store, log, clock, announce, outlet } = needs;
  const shards = new Map<number, LiveShard>();
  const unwritten = createUnwritten();
  let reader: LogReader | undefined;

  const forget = (shard: LiveShard, reason: string): void => {
    if (!shard.live) return;
    shard.live = false;
    if (shards.get(shard.shard) === shard) shards.delete(shard.shard);
    discovery.shardDropped(shard.shard);
    reader?.drop(shard.shard);
    outlet.shardDropped(shard.shard);
    readBack.shardDropped(shard.shard);
    announce('shard.dropped', { shard: shard.shard, epoch: shard.epoch, reason });
  };

  const sendWhatMayGo = ({ step, marks, afterCommit: later, revoked: revokedLater }: Batch): void => {
    for (const { shard, marked } of marks.splice(0)) readBack.read(shard.shard, marked);
    if (step.leaving.length > 0) outlet.leaving(step.leaving.splice(0));
    if (step.wonByCopy.length > 0) outlet.wonByCopy(step.wonByCopy.splice(0));
    if (step.over.length > 0) outlet.over(step.over.splice(0));
    if (step.givenUp.length > 0) outlet.givenUp(step.givenUp.splice(0));
    // They are asked about only once they are CANCELLING in the store too: before, a restart would start them again.
    if (step.revoked.length > 0) revokedLater.push(...step.revoked.splice(0));
    if (step.ready.length === 0) return;
    const ready = step.ready.splice(0).filter(isStillReady);
    unwritten.add(
      ready.filter(({ run, task }) => step.touched.get(run)?.has(task) !== true),
      clock.now(),
    );
    // What reads the results of its dependencies must find them in the store.
    const mayGo = ({ run, task }: Ready): boolean => needs.firstBeforeCommit && run.dispatch[task] === 1 && !hasUpstream(run, task);
    const now = ready.filter(mayGo);
    for (const each of ready) if (!mayGo(each)) later.push(each);
    readBack.pass(now);
  };

  const bringUp = (added: Run): void => {
    const ready: Ready[] = [];
    forEachReady(added, (task) => ready.push({ run: added, task, dispatch: added.dispatch[task]! }));
    for (const [task, { session }] of added.running) outlet.adopt(added, task, session);
    const cancelling = cancellingOf(added);
    if (cancelling.length > 0) outlet.revoked(cancelling);
    readBack.pass(ready);
    if (isCutOff(added)) cutOffs.goOn(added);
  };

  /** A run that was read from the store. What is to be told again of it lies before its mark; all that were loaded share one. */
  const bringBack = (added: Run, alone: boolean): void => {
    // Whatever else is being read of it is the past: it may even be over by then.
    discovery.outdate(added.dag);
    summons.outdate(added.dag);
    readBack.hold(added);
    bringUp(added);
    unwritten.add(derivedIn(added, shards.get(added.shard)!.now), clock.now());
    if (alone && !latecomers.isWaiting(added.dag)) readBack.mark(added);
  };

  const discovery = createDiscovery({
    store,
    shardOf: (shard) => shards.get(shard),
    found: (added) => {
      bringBack(added, true);
    },
  });

  /** Whether this is still the run that is advanced: its shard may have been given up and read anew meanwhile. */
  const isCurrent = (run: Run): boolean => shards.get(run.shard)?.runs.get(run.dag) === run;

  const [readBack, cutOffs] = [createReadBack({ ...needs, isCurrent }), createCutOffs({ ...needs, isCurrent })];

  /** A DAG that is over isn't needed in memory; the answer says whether it is. */
  const forgetRun = (run: Run): boolean => isCurrent(run) && isOver(run, committer) && shards.get(run.shard)!.runs.delete(run.dag);

  const runOf = (dag: DagId): Run | undefined => shards.get(shardOf(dag))?.runs.get(dag);

  /** What a worker reports to run may have been sent by an earlier owner, after whose end nobody else would watch over it. */
  const adoptRunning = ({ step }: Batch): void => {
    for (const [run, tasks] of step.touched) {
      if (run.running.size === 0 || !isCurrent(run)) continue;
      for (const task of tasks.keys()) {
        const running = run.running.get(task);
        if (running !== undefined) outlet.adopt(run, task, running.session);
      }
    }
  };

  const afterCommit = (batch: Batch): void => {
    const { step } = batch;
    if (needs.spans !== undefined) recordSpans(batch, needs.spans, runOf);
    adoptRunning(batch);
    readBack.pass(batch.afterCommit);
    if (step.outcomes.length > 0) outlet.judge(step.outcomes);
    if (step.acknowledged.length > 0) outlet.acknowledge(step.acknowledged);
    for (const [run] of step.touched) if (step.continued.has(run.dag) && isCurrent(run)) cutOffs.goOn(run);
    for (const { shard, dag } of batch.submitted)
      discovery.discover(dag, shard.shard).catch((error: unknown) => {
        announce('loop.failed', { loop: 'discover', error });
      });
    for (const { shard, event } of batch.early) latecomers.wait(shard, event);
    for (const { shard, command } of batch.unknown) summons.summon(shard, command);
    if (batch.revoked.length > 0) outlet.revoked(batch.revoked.filter(({ run }) => isCurrent(run)));
    announceOutcomes(step, { ...needs, runOf, isOver: (run) => isOver(run, committer) });
    // A DAG that is over isn't needed in memory, nor one that a command asked for and left as final as it was.
    for (const run of step.touched.keys()) forgetRun(run);
    for (const { dag } of step.commands) {
      const run = runOf(dag);
      if (run !== undefined) forgetRun(run);
    }
  };

  const summons = createSummons({
    ...needs,
    forget: forgetRun,
    added: (run) => {
      discovery.outdate(run.dag);
      if (!isFinalDag(run.status)) bringBack(run, true);
    },
  });

  const doubt = (doubted: readonly LiveShard[]): void => {
    const live = doubted.filter((shard) => shard.live);
    for (const shard of live) forget(shard, 'its commit failed or is unknown');
    if (live.length > 0) needs.doubted(live.map(({ shard }) => shard));
  };

  const committer = createCommitter({
    ...needs,
    caution: createCaution(),
    law: needs.law ?? DEFAULT_LAW,
    maxOpen: MAX_OPEN_EVENTS,
    applied: sendWhatMayGo,
    committed: afterCommit,
    doubted: doubt,
  });

  const consume = async (records: readonly LogRecord[]): Promise<void> => {
    for (const record of records) {
      const shard = shards.get(record.shard);
      if (shard !== undefined) await committer.apply(shard, record);
    }
  };

  const latecomers = createLatecomers({ discover: discovery.discover, log, told: readBack.mark, givenUp: outlet.givenUp, announce });

  return {
    ...memoryOf(shards),
    name: 'advancer',
    start: async () => {
      reader = await log.open(consume);
    },
    stop: async () => {
      await committer.settle();
      for (const shard of [...shards.values()]) forget(shard, 'this scheduler stops');
      await reader?.close();
      reader = undefined;
    },
    take: async (owned) => {
      const began = clock.monotonic();
      const shard = newLiveShard(owned, needs.sessionLeaseMs, clock.now());
      shards.set(owned.shard, shard);
      outlet.shardTaken(owned.shard, owned.epoch);
      readBack.shardTaken(owned.shard, owned.epoch);
      try {
        await loadSettled(shard, needs.commands);
        await load(shard, store, (added) => {
          bringBack(added, false);
        });
      } catch (error) {
        // It was given up while it was read, and may have been taken anew since: that one is well.
        if (!shard.live) return;
        forget(shard, 'it could not be loaded');
        throw error;
      }
      if (!shard.live) return;
      reader?.take(owned.shard, owned.position);
      readBack.markAll(owned.shard);
      announce('shard.taken', { shard: owned.shard, epoch: owned.epoch, dags: shard.runs.size, tookMs: clock.monotonic() - began });
    },
    drop: async (shardId, reason) => {
      const shard = shards.get(shardId);
      if (shard === undefined) return;
      reader?.drop(shardId);
      await committer.settle();
      forget(shard, reason);
    },
    admit: (plan) => {
      const shard = needs.isLive() ? shards.get(plan.shard) : undefined;
      if (shard === undefined) {
        log.append(new Map([[plan.shard, [{ type: 'submitted', dag: plan.dagId } as const]]])).catch((error: unknown) => {
          announce('loop.failed', { loop: 'hint', error });
        });
        return;
      }
      if (shard.runs.has(plan.dagId)) return;
      // The store's answer was late: who found the DAG meanwhile may have brought it to its end.
      if (shard.found.has(plan.dagId) || plan.createdAt < shard.takenAt) {
        discovery.discover(plan.dagId, plan.shard).catch((error: unknown) => {
          announce('loop.failed', { loop: 'admit', error });
        });
        return;
      }
      discovery.outdate(plan.dagId);
      summons.outdate(plan.dagId);
      const run = runOfPlan(plan);
      shard.runs.set(plan.dagId, run);
      bringUp(run);
    },
    discover: discovery.discover,
    goOnAgain: () => {
      cutOffs.goOnAgain();
      readBack.markAgain();
    },
    writeWaiting: () => {
      unwritten.write({ now: clock.now(), shardOf: (shard) => shards.get(shard), committer, outlet });
    },
  };
};
