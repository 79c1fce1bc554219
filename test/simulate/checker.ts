/** The invariants of the design, checked from a run's history alone. */
import { isFinalDag, isFinalTask, type TaskStatus } from '../../src/core/dag';
import type { DagId } from '../../src/core/ids';
import type { Entry } from './history';

export interface Violation {
  readonly rule: 'nothing lost' | 'one effect' | 'fencing' | 'no overlap' | 'order' | 'checkpoints' | 'program';
  readonly atMs: number;
  readonly what: string;
}

type Of<K extends Entry['kind']> = Extract<Entry, { kind: K }>;
type Report = (rule: Violation['rule'], at: number, what: string) => void;

const keyOf = (dag: DagId, task: number): string => `${dag}/${String(task)}`;

/** Every DAG answered 201 is final, whole, and its counters agree with its rows. */
const nothingLost = (entries: readonly Entry[], report: Report): void => {
  const finals = new Map<DagId, Of<'final'>>();
  const stored = new Map<DagId, Of<'stored'>>();
  for (const entry of entries) {
    if (entry.kind === 'final') finals.set(entry.record.dag, entry);
    if (entry.kind === 'stored') stored.set(entry.dag.dagId, entry);
  }
  for (const entry of entries) {
    if (entry.kind !== 'accepted') continue;
    const record = finals.get(entry.dag)?.record;
    const plan = stored.get(entry.dag)?.dag;
    if (record === undefined || plan === undefined) report('nothing lost', entry.at, `DAG ${entry.dag} was accepted and isn't there`);
    else if (!isFinalDag(record.status)) {
      const open = record.tasks
        .filter(({ status }) => !isFinalTask(status))
        .map(({ name, status, dispatch, session }) => `${name} ${status} #${String(dispatch)} ${session ?? ''}`);
      report('nothing lost', entry.at, `DAG ${entry.dag} of shard ${String(record.shard)} is ${record.status}: ${open.slice(0, 4).join(', ')}`);
    } else checkCounters(record, plan.tasks.length, entry.at, report);
  }
};

const checkCounters = (record: Of<'final'>['record'], tasks: number, at: number, report: Report): void => {
  const rows = (status: TaskStatus): number => record.tasks.filter((task) => task.status === status).length;
  const { completedTasks, failedTasks, skippedTasks, cancelledTasks } = record;
  const counted = [completedTasks, failedTasks, skippedTasks, cancelledTasks].join();
  const found = [rows('COMPLETED'), rows('FAILED'), rows('SKIPPED'), rows('CANCELLED')].join();
  if (record.tasks.length !== tasks || counted !== found || completedTasks + failedTasks + skippedTasks + cancelledTasks !== tasks)
    report('nothing lost', at, `DAG ${record.dag} counts ${counted}, has ${found}, of ${String(tasks)}`);
};

/** Epochs never fall, and nothing is committed under one that was raised; a final task stays as it is. */
const oneEffect = (entries: readonly Entry[], report: Report): void => {
  const epochs = new Map<number, number>();
  const ends = new Map<string, string>();
  for (const entry of entries) {
    if (entry.kind === 'epoch') {
      if (entry.epoch <= (epochs.get(entry.shard) ?? 0))
        report('fencing', entry.at, `shard ${String(entry.shard)} was taken under epoch ${String(entry.epoch)} again`);
      epochs.set(entry.shard, entry.epoch);
    }
    if (entry.kind !== 'committed') continue;
    for (const { shard, epoch } of entry.batch.shards)
      if (epoch !== epochs.get(shard))
        report('fencing', entry.at, `shard ${String(shard)} was written under epoch ${String(epoch)}, it has ${String(epochs.get(shard))}`);
    for (const { dag, task, status, fence, dispatch } of entry.batch.tasks) {
      const key = keyOf(dag, task);
      const end = isFinalTask(status) ? `${status} #${String(dispatch)} ${fence ?? ''}` : undefined;
      const before = ends.get(key);
      if (before !== undefined && before !== end) report('one effect', entry.at, `task ${key} was ${before} and became ${end ?? status}`);
      if (end !== undefined) ends.set(key, end);
    }
  }
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

interface Interval {
  readonly process: string;
  readonly from: number;
  to: number;
}

/** Times in which a process was stopped. */
const stopsOf = (entries: readonly Entry[]): Map<string, Interval[]> => {
  const stops = new Map<string, Interval[]>();
  for (const { at, ...entry } of entries) {
    if (entry.kind !== 'process') continue;
    const own = stops.get(entry.process) ?? [];
    stops.set(entry.process, own);
    if (entry.what === 'stopped') own.push({ process: entry.process, from: at, to: Infinity });
    const last = own.at(-1);
    if ((entry.what === 'resumed' || entry.what === 'crashed') && last?.to === Infinity) last.to = at;
  }
  return stops;
};

const GRANT_BITS = 51n;
const ABORT_MS = 600;

/** Two executions of a task are never under way at once, unless the earlier one's process was suspended past its lease. */
const noOverlap = (entries: readonly Entry[], report: Report): void => {
  const stops = stopsOf(entries);
  const open = new Map<string, Map<string, Interval>>();
  // Whoever was stopped when its lease ended can't have known; it has a moment to notice once it goes on.
  const excused = ({ process, from }: Interval, at: number): boolean =>
    (stops.get(process) ?? []).some((stop) => stop.from < at && stop.to > from && at < stop.to + ABORT_MS);
  for (const entry of entries) {
    if (entry.kind === 'began') {
      const key = keyOf(entry.dag, entry.task);
      const running = open.get(key) ?? new Map<string, Interval>();
      open.set(key, running);
      for (const other of running.values())
        if (!excused(other, entry.at))
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

/** A task begins only after each of its parents told the log that it completed. */
const inOrder = (entries: readonly Entry[], report: Report): void => {
  const completed = new Set<string>();
  const parents = new Map<DagId, readonly (readonly number[])[]>();
  for (const entry of entries) {
    if (entry.kind === 'stored')
      parents.set(
        entry.dag.dagId,
        entry.dag.tasks.map(({ dependencies }) => dependencies),
      );
    if (entry.kind === 'appended') for (const event of entry.events) if (event.type === 'completed') completed.add(keyOf(event.dag, event.task));
    if (entry.kind !== 'began') continue;
    for (const parent of parents.get(entry.dag)?.[entry.task] ?? [])
      if (!completed.has(keyOf(entry.dag, parent)))
        report('order', entry.at, `task ${keyOf(entry.dag, entry.task)} began before ${String(parent)} was complete`);
  }
};

/**
 * An attempt gets the newest checkpoint that an earlier one was told is durable, or one that was written after it. What begins
 * under an older fence was suspended between its grant and its start: it is fenced off.
 */
const checkpointsKept = (entries: readonly Entry[], report: Report): void => {
  const durable = new Map<string, { readonly state: string; readonly call: string; readonly step: number; readonly fence: bigint }>();
  const fences = new Map<string, bigint>();
  for (const entry of entries) {
    if (entry.kind === 'checkpointed') {
      const fence = fences.get(`${entry.process}/${String(entry.call)}`) ?? 0n;
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
      for (const { dag, task, dispatch, status, fence } of entry.batch.tasks) {
        committed.set(keyOf(dag, task), dispatch);
        if (status === 'COMPLETED' && fence !== null && BigInt(fence) >> GRANT_BITS !== BigInt(dispatch))
          report('fencing', entry.at, `task ${keyOf(dag, task)} #${String(dispatch)} was completed by fence ${fence}, which is of another dispatch`);
      }
    if (entry.kind === 'sent' && entry.dispatch > Math.max(1, committed.get(keyOf(entry.dag, entry.task)) ?? 0))
      report('order', entry.at, `task ${keyOf(entry.dag, entry.task)} was sent as #${String(entry.dispatch)} before that was committed`);
  }
};

const noMistakes = (entries: readonly Entry[], report: Report): void => {
  for (const entry of entries) if (entry.kind === 'fault' && entry.fault.startsWith('program: ')) report('program', entry.at, entry.fault);
};

const RULES = [nothingLost, oneEffect, fencesGrow, noOverlap, inOrder, numbersAgree, checkpointsKept, noMistakes];

/** All violations of a history, in the order of the rules. */
export const check = (entries: readonly Entry[]): Violation[] => {
  const violations: Violation[] = [];
  for (const rule of RULES)
    rule(entries, (name, at, what) => {
      violations.push({ rule: name, atMs: Math.round(at), what });
    });
  return violations;
};
