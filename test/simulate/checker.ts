/** The invariants of the design, checked from a run's history alone. */
import { isFinalDag, isFinalTask, type TaskStatus } from '../../src/core/dag';
import type { Command } from '../../src/core/command';
import { shardOf, type DagId } from '../../src/core/ids';
import { onlyApproved } from './approvals';
import { LEASE_MS } from './cluster';
import type { Entry } from './history';
import { withinLimits } from './limits';
import { higherFirst } from './priorities';
import { risenWithRight } from './risen';
import { dispatchKey, isBehind, type Place } from './foreseen';
import { replay, type Replayed } from './replay';
import { mayNotKnow, stopsOf, type Interval } from './stops';

export interface Violation {
  readonly rule:
    'nothing lost' | 'one effect' | 'fencing' | 'no overlap' | 'order' | 'limits' | 'equivalence' | 'progress' | 'checkpoints' | 'program';
  readonly atMs: number;
  readonly what: string;
}

type Of<K extends Entry['kind']> = Extract<Entry, { kind: K }>;
/** Kinds of commands that lead out of a final state. */
const REOPENING: readonly Command['kind'][] = ['retry', 'rerun', 'mark'];

type Report = (rule: Violation['rule'], at: number, what: string) => void;

const keyOf = (dag: DagId, task: number): string => `${dag}/${String(task)}`;

/** Every DAG answered 201 is final, whole, and its counters agree with its rows. */
const nothingLost = (entries: readonly Entry[], report: Report): void => {
  const finals = new Map<DagId, Of<'final'>>();
  // Names by index: as submitted, and as recorded edits left them.
  const stored = new Map<DagId, string[]>();
  for (const entry of entries) {
    if (entry.kind === 'final') finals.set(entry.record.dag, entry);
    if (entry.kind === 'stored')
      stored.set(
        entry.dag.dagId,
        entry.dag.tasks.map(({ name }) => name),
      );
    if (entry.kind === 'committed')
      for (const { dag, firstAdded, edit } of entry.batch.edits) {
        const names = stored.get(dag) ?? [];
        edit.added.forEach(({ name }, i) => (names[firstAdded + i] = name));
        for (const { task, as } of edit.replaced) names[task] = as.name;
      }
  }
  for (const entry of entries) {
    if (entry.kind !== 'accepted') continue;
    const record = finals.get(entry.dag)?.record;
    const names = stored.get(entry.dag);
    if (record === undefined || names === undefined) report('nothing lost', entry.at, `DAG ${entry.dag} was accepted and isn't there`);
    else if (!isFinalDag(record.status)) {
      const open = record.tasks
        .filter(({ status }) => !isFinalTask(status))
        .map(({ name, status, dispatch, session }) => `${name} ${status} #${String(dispatch)} ${session ?? ''}`);
      report('nothing lost', entry.at, `DAG ${entry.dag} of shard ${String(record.shard)} is ${record.status}: ${open.slice(0, 4).join(', ')}`);
    } else checkCounters(record, names, entry.at, report);
  }
};

const checkCounters = (record: Of<'final'>['record'], names: readonly string[], at: number, report: Report): void => {
  const rows = (status: TaskStatus): number => record.tasks.filter((task) => task.status === status).length;
  const { completedTasks, failedTasks, skippedTasks, cancelledTasks } = record;
  const counted = [completedTasks, failedTasks, skippedTasks, cancelledTasks].join();
  const found = [rows('COMPLETED'), rows('FAILED'), rows('SKIPPED'), rows('CANCELLED')].join();
  if (counted !== found || completedTasks + failedTasks + skippedTasks + cancelledTasks !== names.length)
    report('nothing lost', at, `DAG ${record.dag} counts ${counted}, has ${found}, of ${String(names.length)}`);
  const [is, shallBe] = [record.tasks.map(({ name }) => name).join(), names.join()];
  if (is !== shallBe) report('nothing lost', at, `DAG ${record.dag} has the tasks ${is}, it was to have ${shallBe}`);
};

/** Epochs never fall, and nothing is committed under one that was raised. */
const epochsRise = (entries: readonly Entry[], report: Report): void => {
  const epochs = new Map<number, number>();
  for (const entry of entries) {
    if (entry.kind === 'epoch') {
      if (entry.epoch <= (epochs.get(entry.shard) ?? 0))
        report('fencing', entry.at, `shard ${String(entry.shard)} came to epoch ${String(entry.epoch)} again`);
      epochs.set(entry.shard, entry.epoch);
    }
    if (entry.kind !== 'committed') continue;
    for (const { shard, epoch } of entry.batch.shards)
      if (epoch !== epochs.get(shard))
        report('fencing', entry.at, `shard ${String(shard)} was written under epoch ${String(epoch)}, it has ${String(epochs.get(shard))}`);
  }
};

/** A final task stays as it is, unless a command that begins tasks again is recorded in the same commit. */
const oneEffect = (entries: readonly Entry[], report: Report): void => {
  const kinds = new Map<string, Command['kind']>();
  const ends = new Map<string, string>();
  for (const entry of entries) {
    if (entry.kind === 'appended') for (const event of entry.events) if (event.type === 'commanded') kinds.set(event.id, event.command.kind);
    if (entry.kind !== 'committed') continue;
    const { commands, tasks } = entry.batch;
    const reopened = new Set(
      commands.filter(({ id, outcome }) => outcome === 'APPLIED' && REOPENING.includes(kinds.get(id) ?? 'edit')).map(({ dag }) => dag),
    );
    for (const { dag, task, status, fence, dispatch } of tasks) {
      const key = keyOf(dag, task);
      const end = isFinalTask(status) ? `${status} #${String(dispatch)} ${fence ?? ''}` : undefined;
      const before = ends.get(key);
      if (before !== undefined && before !== end && !reopened.has(dag))
        report('one effect', entry.at, `task ${key} was ${before} and became ${end ?? status}`);
      if (end !== undefined) ends.set(key, end);
      else ends.delete(key);
    }
  }
};

/** Every command that a client was told is stored has an outcome. */
const commandsSettled = (entries: readonly Entry[], report: Report): void => {
  const settled = new Set<string>();
  for (const entry of entries) {
    if (entry.kind === 'committed') for (const { id } of entry.batch.commands) settled.add(id);
    if (entry.kind === 'refused') for (const { id } of entry.outcomes) settled.add(id);
  }
  for (const entry of entries)
    if (entry.kind === 'commanded' && !settled.has(entry.id))
      report('nothing lost', entry.at, `command ${entry.id} (${entry.command.kind}) on DAG ${entry.dag} was stored and has no outcome`);
};

/** Fences grow with every grant of a task. */
const fencesGrow = (entries: readonly Entry[], report: Report): void => {
  const newest = new Map<string, { readonly fence: bigint; readonly session: string; readonly dispatch: number }>();
  for (const entry of entries) {
    if (entry.kind !== 'granted') continue;
    const fence = BigInt(entry.fence);
    const last = newest.get(entry.key);
    const same = last !== undefined && last.session === entry.session && last.dispatch === entry.dispatch;
    if (last !== undefined && (same ? fence < last.fence : fence <= last.fence))
      report('fencing', entry.at, `task ${entry.key}: fence ${entry.fence} for ${entry.session} after ${String(last.fence)} for ${last.session}`);
    newest.set(entry.key, { fence, session: entry.session, dispatch: entry.dispatch });
  }
};

const GRANT_BITS = 51n;
/** By task and the fence that handlers are given. */
const grantKey = ({ key, dispatch, fence }: Of<'granted'>): string => `${key} ${String((BigInt(dispatch) << GRANT_BITS) | BigInt(fence))}`;

/** Two executions of a task are never under way at once, unless the earlier one's process was suspended past its lease. */
const noOverlap = (entries: readonly Entry[], report: Report): void => {
  const stops = stopsOf(entries);
  const open = new Map<string, Map<string, Interval>>();
  for (const entry of entries) {
    if (entry.kind === 'began') {
      const key = keyOf(entry.dag, entry.task);
      const running = open.get(key) ?? new Map<string, Interval>();
      open.set(key, running);
      for (const other of running.values())
        if (!mayNotKnow(stops, other, entry.at))
          report(
            'no overlap',
            entry.at,
            `task ${key} began in ${entry.process} while ${other.process} ran it since ${String(Math.round(other.from))} ms`,
          );
      running.set(`${entry.process}/${String(entry.call)}`, { process: entry.process, from: entry.at, to: Infinity });
    }
    if (entry.kind === 'ended') open.get(keyOf(entry.dag, entry.task))?.delete(`${entry.process}/${String(entry.call)}`);
    if (entry.kind === 'process' && entry.what === 'crashed')
      for (const running of open.values()) for (const [call, { process }] of running) if (process === entry.process) running.delete(call);
  }
};

/**
 * A dispatch starts only once the log, as far as it was written by then, had made its task ready: its trigger rule held over
 * the states of its parents. What a topic that was made again took with it can't be seen any more.
 */
const inOrder = (entries: readonly Entry[], report: Report, { readyAt, tooEarly }: Replayed): void => {
  for (const { at, what } of tooEarly) report('order', at, what);
  const written = new Map<number, Place>();
  const begun: { readonly at: number; readonly shard: number; readonly key: string; readonly place: Place | undefined }[] = [];
  for (const entry of entries) {
    if (entry.kind === 'appended') written.set(entry.shard, { log: Number(entry.log), next: Number(entry.offset) + 1 });
    if (entry.kind !== 'began') continue;
    const shard = shardOf(entry.dag);
    const key = dispatchKey(entry.dag, entry.task, Number(BigInt(entry.fence) >> GRANT_BITS));
    begun.push({ at: entry.at, shard, key, place: written.get(shard) });
  }
  for (const { at, shard, key, place } of begun) {
    const ready = readyAt.get(key);
    const isLost = place !== undefined && place.log < (ready ?? written.get(shard) ?? place).log;
    const isTooEarly = ready === undefined || isBehind(place ?? { log: ready.log, next: 0 }, ready);
    if (!isLost && isTooEarly) report('order', at, `${key} began before the log had made it ready`);
  }
};

/**
 * Nothing starts after its cancel was committed, unless its process was suspended between the grant and the start. That Redis
 * forgot what was cancelled, that the law had given the execution up before, and that a log went with its topic by which the task had
 * been sent though for the law it never was ready, are no excuses but other stories: an order that comes late may then run, and what it
 * reports is refused.
 */
const nothingAfterItsCancel = (entries: readonly Entry[], report: Report): void => {
  const stops = stopsOf(entries);
  const ends = new Map<string, { readonly dispatch: number; readonly from: number }>();
  const given = new Map<string, number>();
  const grants = new Map<string, number>();
  /** When a dispatch began for the first time, and when Redis forgot last: that it had ended, too. */
  const begun = new Map<string, number>();
  let forgot = -Infinity;
  /** When it was told that nobody can claim a dispatch any more: Redis said so before that. */
  const withdrawn = new Map<string, number>();
  const sent = new Map<string, number>();
  let remadeAt = -Infinity;
  for (const entry of entries) {
    if (entry.kind === 'sent') {
      const key = dispatchKey(entry.dag, entry.task, entry.dispatch);
      sent.set(key, sent.get(key) ?? entry.at);
    }
    if (entry.kind === 'fault' && entry.fault === 'topics are made again') remadeAt = entry.at;
    if (entry.kind === 'granted') grants.set(grantKey(entry), entry.at);
    if (entry.kind === 'appended')
      for (const event of entry.events)
        if (event.type === 'withdrawn') for (const { dag, task, dispatch } of event.tasks) withdrawn.set(dispatchKey(dag, task, dispatch), entry.at);
    if (entry.kind === 'committed') {
      for (const { dag, task, dispatch } of entry.batch.attempts) given.set(keyOf(dag, task), dispatch + 1);
      for (const { dag, task, status, dispatch } of entry.batch.tasks) {
        // Of a cancelled dispatch the number was raised, unless it was never sent.
        const isForgotten = (withdrawn.get(dispatchKey(dag, task, dispatch - 1)) ?? Infinity) < forgot;
        if (status === 'CANCELLED' && !isForgotten) ends.set(keyOf(dag, task), { dispatch, from: Math.max(1, given.get(keyOf(dag, task)) ?? 0) });
        else ends.delete(keyOf(dag, task));
        if (status !== 'CANCELLED') given.set(keyOf(dag, task), dispatch);
      }
    }
    if (entry.kind === 'fault' && entry.fault === 'redis forgets') {
      ends.clear();
      forgot = entry.at;
    }
    if (entry.kind !== 'began') continue;
    const key = keyOf(entry.dag, entry.task);
    const end = ends.get(key);
    const dispatch = Number(BigInt(entry.fence) >> GRANT_BITS);
    const before = begun.get(dispatchKey(entry.dag, entry.task, dispatch)) ?? entry.at;
    begun.set(dispatchKey(entry.dag, entry.task, dispatch), before);
    if (before < forgot || end === undefined || dispatch > end.dispatch || dispatch < end.from) continue;
    if (end.dispatch === dispatch && (sent.get(dispatchKey(entry.dag, entry.task, dispatch)) ?? Infinity) < remadeAt) continue;
    const granted = grants.get(`${key} ${entry.fence}`) ?? entry.at;
    const suspended = (stops.get(entry.process) ?? []).some(({ from, to }) => from <= entry.at && to >= granted);
    if (!suspended) report('order', entry.at, `task ${key} #${String(dispatch)} began in ${entry.process} though its cancel was committed`);
  }
};

/**
 * What was given up while its process was suspended past its lease isn't begun when that goes on: whoever was granted it knows
 * by its own clock that the lease is over.
 */
const nothingBegunAfterItsLease = (entries: readonly Entry[], report: Report): void => {
  const stops = stopsOf(entries);
  const grants = new Map<string, number>();
  const committed = new Map<string, number>();
  for (const entry of entries) {
    if (entry.kind === 'granted') grants.set(grantKey(entry), entry.at);
    if (entry.kind === 'committed') for (const { dag, task, dispatch } of entry.batch.tasks) committed.set(keyOf(dag, task), dispatch);
    if (entry.kind !== 'began') continue;
    const key = keyOf(entry.dag, entry.task);
    const dispatch = Number(BigInt(entry.fence) >> GRANT_BITS);
    const granted = grants.get(`${key} ${entry.fence}`);
    if (granted === undefined || dispatch >= (committed.get(key) ?? 0)) continue;
    const slept = (stops.get(entry.process) ?? []).find(({ from, to }) => from >= granted && to <= entry.at && to - from > LEASE_MS);
    if (slept !== undefined)
      report(
        'fencing',
        entry.at,
        `task ${key} #${String(dispatch)} began in ${entry.process}, which had slept past its lease, though it was given up`,
      );
  }
};

/** For each prefix of a log that was committed, the store has what an owner that never crashed would have. */
const crashesChangeNothing = (_entries: readonly Entry[], report: Report, { differences }: Replayed): void => {
  for (const { at, what } of differences) report('equivalence', at, what);
};

/**
 * An attempt gets the newest checkpoint that an earlier one was told is durable, or one that was written after it. What begins
 * under an older fence was suspended between its grant and its start: it is fenced off.
 */
const checkpointsKept = (entries: readonly Entry[], report: Report): void => {
  const durable = new Map<string, { readonly state: string; readonly call: string; readonly step: number; readonly fence: bigint }>();
  const fences = new Map<string, bigint>();
  /** Up to which dispatch checkpoints were cleared: by a completion, or because the task begins from the start. */
  const cleared = new Map<string, number>();
  for (const entry of entries) {
    if (entry.kind === 'committed')
      for (const { dag, task, status, dispatch, checkpoint } of entry.batch.tasks) {
        if (checkpoint !== null) continue;
        cleared.set(keyOf(dag, task), isFinalTask(status) ? dispatch : dispatch - 1);
        durable.delete(keyOf(dag, task));
      }
    if (entry.kind === 'checkpointed') {
      const fence = fences.get(`${entry.process}/${String(entry.call)}`) ?? 0n;
      if (fence >> GRANT_BITS <= BigInt(cleared.get(keyOf(entry.dag, entry.task)) ?? 0)) continue;
      durable.set(keyOf(entry.dag, entry.task), { state: entry.state, fence, ...(JSON.parse(entry.state) as { call: string; step: number }) });
    }
    if (entry.kind !== 'began') continue;
    fences.set(`${entry.process}/${String(entry.call)}`, BigInt(entry.fence));
    const key = keyOf(entry.dag, entry.task);
    const kept = durable.get(key);
    if (kept === undefined || BigInt(entry.fence) < kept.fence) continue;
    const got = entry.restored === null ? undefined : (JSON.parse(entry.restored) as { call: string; step: number });
    if (got === undefined || (got.call === kept.call && got.step < kept.step))
      report('checkpoints', entry.at, `task ${key} was given ${entry.restored ?? 'nothing'} though ${kept.state} was durable`);
  }
};

/** Numbers above 1 are sent only once they are committed, and what completes a task comes from a grant of its own number. */
const numbersAgree = (entries: readonly Entry[], report: Report): void => {
  const committed = new Map<string, number>();
  for (const entry of entries) {
    if (entry.kind === 'committed')
      for (const { dag, task, dispatch, status, fence, reason } of entry.batch.tasks) {
        committed.set(keyOf(dag, task), dispatch);
        if (status === 'COMPLETED' && reason?.code !== 'MARKED_COMPLETED' && fence !== null && BigInt(fence) >> GRANT_BITS !== BigInt(dispatch))
          report('fencing', entry.at, `task ${keyOf(dag, task)} #${String(dispatch)} was completed by fence ${fence}, which is of another dispatch`);
      }
    if (entry.kind === 'sent' && entry.dispatch > Math.max(1, committed.get(keyOf(entry.dag, entry.task)) ?? 0))
      report('order', entry.at, `task ${keyOf(entry.dag, entry.task)} was sent as #${String(entry.dispatch)} before that was committed`);
  }
};

/** Once everything is well again, no wait is overdue and nothing is blocked by nobody. */
const somethingIsNext = (entries: readonly Entry[], report: Report): void => {
  for (const entry of entries) if (entry.kind === 'stuck') report('progress', entry.at, `task ${keyOf(entry.dag, entry.task)} ${entry.why}`);
};

const noMistakes = (entries: readonly Entry[], report: Report): void => {
  for (const entry of entries) if (entry.kind === 'fault' && entry.fault.startsWith('program: ')) report('program', entry.at, entry.fault);
};

const RULES: readonly ((entries: readonly Entry[], report: Report, replayed: Replayed) => void)[] = [
  nothingLost,
  commandsSettled,
  epochsRise,
  oneEffect,
  fencesGrow,
  noOverlap,
  inOrder,
  nothingAfterItsCancel,
  nothingBegunAfterItsLease,
  numbersAgree,
  checkpointsKept,
  crashesChangeNothing,
  (entries, report, replayed) => {
    higherFirst(entries, (at, what) => report('limits', at, what), replayed);
    risenWithRight(entries, (at, what) => report('limits', at, what), replayed);
  },
  withinLimits,
  onlyApproved,
  somethingIsNext,
  noMistakes,
];

/** All violations of a history, in the order of the rules. */
export const check = (entries: readonly Entry[], replayed: Replayed = replay(entries)): Violation[] => {
  const violations: Violation[] = [];
  for (const rule of RULES)
    rule(
      entries,
      (name, at, what) => {
        violations.push({ rule: name, atMs: Math.round(at), what });
      },
      replayed,
    );
  return violations;
};
