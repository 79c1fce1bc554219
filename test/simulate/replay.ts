/**
 * A run's logs applied to the law once more, by an owner that never crashes, as far as each commit says that they were
 * applied. Half of the DAGs are read back from their rows at points of chance, as after a crash: that must change nothing.
 */
import { recordOf } from '../../src/adapters/memory/store';
import { createTables } from '../../src/adapters/memory/tables';
import { createVouchers, type Vouchers } from '../../src/advance/vouchers';
import { applyEvent } from '../../src/core/applyEvent';
import type { DagChange, DagRecord, TaskChange } from '../../src/core/change';
import type { DagStatus } from '../../src/core/dag';
import type { Event, Report } from '../../src/core/event';
import { shardOf, type DagId } from '../../src/core/ids';
import { runOfRecord } from '../../src/core/restore';
import { runOfPlan, type Run } from '../../src/core/run';
import { CODE, statusOf } from '../../src/core/states';
import { changesOf, newStep, touch, touchDag, type Step } from '../../src/core/step';
import type { CommitBatch } from '../../src/ports/store';
import { LAW, LEASE_MS } from './cluster';
import { dagsOf, dispatchKey, Foreseen, isOfLaw, noteReady, type LawEvent, type Place } from './foreseen';
import type { Entry } from './history';
import { seeded } from './random';
import { ruleHolds } from './triggerRules';

type Of<K extends Entry['kind']> = Extract<Entry, { kind: K }>;

export interface Replayed {
  /** `task: PENDING → QUEUED`, `dag: CREATED → RUNNING`: how often the law made it. */
  readonly moves: ReadonlyMap<string, number>;
  /** Where the store has something else than an owner that never crashed. */
  readonly differences: readonly { readonly at: number; readonly what: string }[];
  /** Tasks that became ready for the first time though their trigger rule didn't hold. */
  readonly tooEarly: readonly { readonly at: number; readonly what: string }[];
  /** By `dag/task#dispatch`: up to where the log must have been applied before that dispatch may start. */
  readonly readyAt: ReadonlyMap<string, Place>;
  /** Tasks that were ready for their first dispatch when their owner had committed so, in that order. */
  readonly becameReady: readonly BecameReady[];
}

export interface BecameReady {
  readonly at: number;
  /** By the law, whose time is that of the event: its commit may come much later. In milliseconds since 1970. */
  readonly since: number;
  readonly owner: string;
  readonly dag: DagId;
  readonly task: number;
  readonly priority: number;
}

const isReport = (event: Event): event is Report => 'fence' in event;
const BEFORE_ANY: Place = { log: 0, next: 0 };
/** Where an owner begins to read; by its first commit, topics may have been made again. */
const FIRST: Place = { log: 1, next: 0 };
const SHOWN = ['status', 'attempt', 'dispatch', 'losses', 'worker', 'session', 'fence'] as const;
const COUNTED = ['status', 'completedTasks', 'failedTasks', 'skippedTasks', 'cancelledTasks'] as const;

const taskText = (row: TaskChange): string =>
  [...SHOWN.map((key) => String(row[key])), JSON.stringify(row.budgets), row.reason?.code ?? '', row.reason?.approval ?? '', row.result ?? ''].join(
    ' ',
  );
const dagText = (row: DagChange): string => [...COUNTED.map((key) => String(row[key])), row.reason?.code ?? ''].join(' ');

/** Whether the end of an execution would count. */
const isAwaited = ({ state, dispatch, running }: Run, report: Report): boolean => {
  const { task } = report;
  const isUnderWay = state[task] === CODE.QUEUED || state[task] === CODE.RUNNING || state[task] === CODE.CANCELLING;
  return isUnderWay && dispatch[task] === report.dispatch && BigInt(running.get(task)?.fence ?? 0) <= BigInt(report.fence);
};

const isEnd = (event: Event): event is Extract<Report, { type: 'completed' | 'failed' }> => event.type === 'completed' || event.type === 'failed';

/** Whether an event may have made other tasks of this one's DAG ready. */
const movesOthers = (event: Event, { dag, task }: Report): boolean => {
  if (event.type === 'lost' || event.type === 'due') return event.tasks.some((one) => one.dag === dag && one.task !== task);
  return 'dag' in event && event.dag === dag && !('task' in event && event.task === task);
};

/** Logs by shard and topic, as they were written. */
const createLogs = () => {
  const records = new Map<string, Of<'appended'>[]>();
  const keyOf = (shard: number, log: number): string => `${String(shard)}/${String(log)}`;
  return {
    add: (entry: Of<'appended'>): void => {
      const key = keyOf(entry.shard, Number(entry.log));
      const log = records.get(key) ?? [];
      records.set(key, log);
      log.push(entry);
    },
    between: (shard: number, from: Place, to: Place): readonly Of<'appended'>[] =>
      (records.get(keyOf(shard, to.log)) ?? []).slice(from.log === to.log ? from.next : 0, to.next),
  };
};

/** What the law has of a DAG, and how it was before the event that is applied. */
interface Known {
  run: Run;
  state: Uint8Array;
  status: DagStatus;
}

/** What of a commit is about some DAGs; it names no shards. */
const partOf = (batch: CommitBatch, isMeant: (dag: DagId) => boolean): CommitBatch => {
  const of = <T extends { readonly dag: DagId }>(all: readonly T[]): readonly T[] => all.filter(({ dag }) => isMeant(dag));
  const { tasks, dags, attempts, deadLetters, history, commands, edits } = batch;
  return {
    shards: [],
    tasks: of(tasks),
    dags: of(dags),
    attempts: of(attempts),
    deadLetters: of(deadLetters),
    history: of(history),
    commands: of(commands),
    edits: of(edits),
  };
};

/** What sessions said of themselves to an owner; a copy hears more without the original. */
class Words {
  private readonly vouchers: Vouchers;

  constructor(
    private readonly readFrom: number,
    private readonly heard: (readonly [session: string, now: number])[] = [],
  ) {
    this.vouchers = createVouchers(LEASE_MS, readFrom);
    for (const [session, now] of heard) this.vouchers.hear(session, now);
  }

  hear(session: string, now: number): void {
    this.heard.push([session, now]);
    this.vouchers.hear(session, now);
  }

  speaksFor(session: string, now: number): boolean {
    return this.vouchers.speaksFor(session, now);
  }

  copy(): Words {
    return new Words(this.readFrom, [...this.heard]);
  }
}

class Replay {
  readonly moves = new Map<string, number>();
  readonly differences: { at: number; what: string }[] = [];
  readonly tooEarly: { at: number; what: string }[] = [];
  readonly readyAt = new Map<string, Place>();
  readonly becameReady: BecameReady[] = [];
  private readonly logs = createLogs();
  private readonly known = new Map<DagId, Known>();
  private readonly runs = new Map<DagId, Run>();
  private readonly tables = createTables();
  private readonly positions = new Map<number, Place>();
  private readonly times = new Map<number, number>();
  private readonly epochs = new Map<number, number>();
  private readonly vouchers = new Map<number, Words>();
  private readonly foreseen = new Foreseen(this.tables, (shard) => this.times.get(shard) ?? 0, this.readyAt);
  /** DAGs that are in some commit. */
  private readonly begun = new Set<DagId>();
  private readonly obeyed = new Set<string>();
  /** Reports that came before their owner knew the DAG: they must have been told once more. */
  private readonly early = new Map<string, { readonly at: number; readonly event: Report }>();
  /** Reports at the begin of a log that was made again, for which their task waits on. */
  private readonly missed = new Map<string, { readonly at: number; readonly event: Report }>();
  private readonly random = seeded(1);

  take(entry: Entry): void {
    if (entry.kind === 'stored') this.store(entry);
    else if (entry.kind === 'appended') this.logs.add(entry);
    else if (entry.kind === 'committed') this.commit(entry);
  }

  private store({ dag }: Of<'stored'>): void {
    const run = runOfPlan(dag);
    this.tables.admit([{ dag, idempotency: null }]);
    this.runs.set(run.dag, run);
    this.known.set(run.dag, { run, state: run.state.slice(), status: run.status });
    run.state.forEach((state, task) => {
      if (state === CODE.QUEUED) this.readyAt.set(dispatchKey(run.dag, task, 1), BEFORE_ANY);
    });
  }

  private commit({ at, batch, scheduler }: Of<'committed'>): void {
    const step = newStep();
    const unseen = new Map<number, readonly Of<'appended'>[]>();
    for (const { shard, epoch, position } of batch.shards) {
      const isTakenOver = this.epochs.get(shard) !== epoch;
      const to = position.last === null ? undefined : { log: Number(position.last.hash.split('.')[0]), next: Number(position.nextOffset) };
      // By what the old owner had heard.
      if (to !== undefined) this.foreseeLost(shard, to.log);
      if (isTakenOver) this.takenOver(shard, epoch);
      if (to === undefined) continue;
      const from = this.positions.get(shard) ?? FIRST;
      if (isTakenOver) this.foreseen.findLate(this.logs.between(shard, from, { log: to.log, next: Infinity }), (dag) => !this.begun.has(dag));
      if (from.log !== to.log) {
        unseen.set(shard, this.logs.between(shard, { log: to.log, next: 0 }, to));
        this.positions.set(shard, to);
        continue;
      }
      this.logs.between(shard, from, to).forEach((record) => {
        this.apply(step, record, batch);
      });
      this.positions.set(shard, to);
    }
    for (const { run, task, dispatch } of step.ready)
      if (dispatch === 1 && run.dispatch[task] === 1 && run.state[task] === CODE.QUEUED)
        this.becameReady.push({ at, since: run.since[task]!, owner: scheduler, dag: run.dag, task, priority: run.specs[task]!.priority });
    this.compare(
      at,
      step,
      partOf(batch, (dag) => !unseen.has(shardOf(dag))),
    );
    const early = new Set([...unseen.values()].flatMap((records) => this.beforeTheirTasks(records)));
    if (unseen.size > 0) this.adopt(partOf(batch, (dag) => unseen.has(shardOf(dag))));
    for (const records of unseen.values()) for (const record of records) this.passOver(record, early);
    for (const { dag } of batch.dags) this.begun.add(dag);
  }

  /** A new owner reads on from here: of what sessions said before it knows nothing, and believes all of them for a lease. */
  private takenOver(shard: number, epoch: number): void {
    this.epochs.set(shard, epoch);
    this.vouchers.set(shard, new Words(this.times.get(shard) ?? -Infinity));
  }

  /**
   * What of logs whose topic was made again nobody committed: an owner may have applied it all the same, and what it read of the new log
   * on top of it, and sent what became ready.
   */
  private foreseeLost(shard: number, current: number): void {
    const { log, next } = this.positions.get(shard) ?? FIRST;
    if (log === current) return;
    const vouchers = this.vouchersOf(shard).copy();
    for (let read = log; read <= current; read++)
      for (const record of this.logs.between(shard, { log: read, next: read === log ? next : 0 }, { log: read, next: Infinity }))
        this.foreseeRecord(record, vouchers);
    this.foreseen.forget((dag) => shardOf(dag) === shard);
  }

  private foreseeRecord(record: Of<'appended'>, vouchers: Words): void {
    const now = Math.max(this.times.get(record.shard) ?? 0, record.timestamp);
    for (const event of record.events) {
      if (event.type === 'alive') vouchers.hear(event.session, now);
      if (!isOfLaw(event) || (event.type === 'lost' && vouchers.speaksFor(event.session, now))) continue;
      this.foreseen.apply(record, event);
    }
  }

  /** How much of a log was applied before its topic was made again, nobody can tell: what the store has from then on is believed. */
  private adopt(batch: CommitBatch): void {
    this.tables.commit(batch);
    for (const { id } of batch.commands) this.obeyed.add(id);
    for (const { dag } of batch.dags) {
      const [known, record] = [this.known.get(dag), recordOf(this.tables, dag)];
      if (known === undefined || record === undefined) continue;
      this.bringBack(known, record);
      known.run.state.forEach((state, task) => {
        const dispatches = state === CODE.PENDING ? 0 : known.run.dispatch[task]!;
        for (let dispatch = 1; dispatch <= dispatches; dispatch++) this.readyAt.set(dispatchKey(dag, task, dispatch), BEFORE_ANY);
      });
    }
  }

  /** A record of a log was read: the law's time, and whose words its owner knows from now on. */
  private hear({ shard, timestamp, events }: Of<'appended'>): number {
    const now = Math.max(this.times.get(shard) ?? 0, timestamp);
    this.times.set(shard, now);
    for (const event of events) if (event.type === 'alive') this.vouchersOf(shard).hear(event.session, now);
    return now;
  }

  private vouchersOf(shard: number): Words {
    const vouchers = this.vouchers.get(shard) ?? new Words(this.times.get(shard) ?? -Infinity);
    this.vouchers.set(shard, vouchers);
    return vouchers;
  }

  /**
   * Reports on tasks that nobody has committed to be ready, with something behind them in the log that may have made them so: an owner that
   * committed nothing had sent them, and their dependencies' ends were told again, after theirs. They run once more.
   */
  private beforeTheirTasks(records: readonly Of<'appended'>[]): readonly Event[] {
    const events = records.flatMap((record) => record.events);
    return events.filter((event, i) => {
      const run = isEnd(event) ? this.runs.get(event.dag) : undefined;
      return isEnd(event) && run !== undefined && !isAwaited(run, event) && events.slice(i + 1).some((later) => movesOthers(later, event));
    });
  }

  /** A record of a new log that was applied, too: what it reports has had its effect, or its DAG wasn't known and it is told again. */
  private passOver(record: Of<'appended'>, early: ReadonlySet<Event>): void {
    this.hear(record);
    for (const event of record.events) {
      if (!isEnd(event)) continue;
      const run = this.runs.get(event.dag);
      if (run !== undefined && !early.has(event) && isAwaited(run, event)) this.missed.set(JSON.stringify(event), { at: record.at, event });
      else this.missed.delete(JSON.stringify(event));
    }
  }

  private apply(step: Step, record: Of<'appended'>, batch: CommitBatch): void {
    const { shard } = record;
    const now = this.hear(record);
    for (const event of record.events) {
      const counts = this.counts(event, { shard, now, batch });
      if (!counts && (isReport(event) || (event.type === 'commanded' && !this.obeyed.has(event.id)))) this.foreseen.apply(record, event);
      if (!counts || !isOfLaw(event)) continue;
      const ready = step.ready.length;
      const applied = event.type === 'due' ? this.dueOfKnown(event, batch) : event;
      applyEvent(step, applied, { runs: this.runs, now, law: LAW });
      this.look(record.at, applied);
      noteReady(this.readyAt, step.ready.slice(ready), record);
    }
  }

  /** What the owner decides before the law is asked: whose word counts, and which commands are settled. */
  private counts(event: Event, { shard, now, batch }: { shard: number; now: number; batch: CommitBatch }): boolean {
    if (event.type === 'lost') return !this.vouchersOf(shard).speaksFor(event.session, now);
    if (isReport(event)) return this.isKnown(event, { now, batch });
    if (event.type !== 'commanded') return true;
    // A command on a DAG that isn't in memory is told again: the commit says which of the two was applied, and after which others.
    if (batch.commands.find(({ id, dag }) => dag === event.dag && !this.obeyed.has(id))?.id !== event.id) return false;
    this.obeyed.add(event.id);
    return true;
  }

  /** A report that was applied leaves a row of its DAG in the commit, and one that is late changes nothing. */
  private isKnown(event: Report, { now, batch }: { now: number; batch: CommitBatch }): boolean {
    const key = JSON.stringify(event);
    this.missed.delete(key);
    const known = batch.dags.some(({ dag }) => dag === event.dag);
    if (known) {
      this.early.delete(key);
      this.foreseen.forget((dag) => dag === event.dag);
    } else this.early.set(key, { at: now, event });
    return known;
  }

  /**
   * A deposed owner may find that a time has come in a DAG that its successor has still to read: to the successor that says nothing, and its
   * own sweep tells it again, which `progress.ts` looks after.
   */
  private dueOfKnown(event: Extract<Event, { type: 'due' }>, { tasks }: CommitBatch): typeof event {
    const isWritten = (dag: DagId, task: number): boolean => tasks.some((row) => row.dag === dag && row.task === task);
    return { ...event, tasks: event.tasks.filter(({ dag, task }) => this.begun.has(dag) || isWritten(dag, task)) };
  }

  /** What was reported early and never told again: it would have counted. */
  end(): void {
    for (const { at, event } of this.missed.values()) this.differ(at, `${event.type} of task ${event.dag}/${String(event.task)} was passed over`);
    for (const { at, event } of this.early.values()) {
      const step = newStep();
      applyEvent(step, event, { runs: this.runs, now: at, law: LAW });
      if (step.touched.size > 0) this.differ(at, `${event.type} of task ${event.dag}/${String(event.task)} was never applied`);
    }
  }

  private count(move: string): void {
    this.moves.set(move, (this.moves.get(move) ?? 0) + 1);
  }

  /** Counts what an event moved. */
  private look(at: number, event: LawEvent): void {
    for (const dag of dagsOf(event)) {
      const known = this.known.get(dag);
      if (known === undefined) continue;
      const { run } = known;
      if (run.status !== known.status) this.count(`dag: ${known.status} → ${run.status}`);
      known.status = run.status;
      run.state.forEach((state, task) => {
        const before = known.state[task] ?? CODE.PENDING;
        const again = state === before && state === CODE.QUEUED && run.dispatch[task]! > 1 && 'tasks' in event && event.type !== 'due';
        if (state !== before) this.moved(at, run, task, before);
        else if (again && event.tasks.some((each) => each.dag === dag && each.task === task && each.dispatch + 1 === run.dispatch[task]))
          this.count('task: QUEUED → QUEUED');
      });
      known.state = run.state.slice();
    }
  }

  private moved(at: number, run: Run, task: number, before: number): void {
    this.count(`task: ${statusOf(before)} → ${statusOf(run.state[task]!)}`);
    const goesOn = before === CODE.QUEUED || before === CODE.RUNNING || before === CODE.RETRYING;
    if (run.state[task] !== CODE.QUEUED || goesOn) return;
    const { dependencies, options } = run.specs[task]!;
    const parents = dependencies.map((parent) => ({ status: statusOf(run.state[parent]!), reason: run.reasons.get(parent)?.code }));
    const rule = options?.triggerRule ?? 'all_success';
    if (!ruleHolds(rule, parents))
      this.tooEarly.push({
        at,
        what: `task ${run.dag}/${String(task)} became ready with ${parents.map(({ status }) => status).join(', ')} by ${rule}`,
      });
  }

  private compare(at: number, step: Step, batch: CommitBatch): void {
    const written = new Set(batch.tasks.map(({ dag, task }) => `${dag}/${String(task)}`));
    const own = new Set([...step.touched].flatMap(([run, tasks]) => [...tasks.keys()].map((task) => `${run.dag}/${String(task)}`)));
    // What the owner writes of itself, such as that a task has been waiting for a while, is in no event.
    for (const { dag, task, worker, session, fence, queuedAt, dispatchedAt, startedAt, completedAt } of batch.tasks)
      if (!own.has(`${dag}/${String(task)}`) && this.runs.has(dag))
        touch(step, this.runs.get(dag)!, task).told = { worker, session, fence, queuedAt, dispatchedAt, startedAt, completedAt };
    for (const { dag } of batch.dags) if (this.runs.has(dag)) touchDag(step, this.runs.get(dag)!);
    const rows = changesOf(step);
    this.tables.commit({ ...batch, tasks: rows.tasks, dags: rows.dags, edits: step.edits });
    for (const key of own) if (!written.has(key)) this.differ(at, `task ${key} was not written`);
    const tasks = new Map(rows.tasks.map((row) => [`${row.dag}/${String(row.task)}`, taskText(row)]));
    for (const row of batch.tasks) {
      const key = `${row.dag}/${String(row.task)}`;
      if (taskText(row) !== tasks.get(key)) this.differ(at, `task ${key} is "${taskText(row)}", without a crash it is "${tasks.get(key) ?? ''}"`);
    }
    const dags = new Map(rows.dags.map((row) => [row.dag, dagText(row)]));
    for (const row of batch.dags)
      if (dagText(row) !== dags.get(row.dag))
        this.differ(at, `DAG ${row.dag} is "${dagText(row)}", without a crash it is "${dags.get(row.dag) ?? ''}"`);
    this.reload(new Set(batch.dags.map(({ dag }) => dag)));
  }

  private differ(at: number, what: string): void {
    this.differences.push({ at, what });
  }

  /** As after a crash: what is in memory is forgotten, and read from the rows. */
  private reload(dags: ReadonlySet<DagId>): void {
    for (const dag of dags) {
      if (dag.charCodeAt(dag.length - 1) % 2 === 0 || !this.random.chance(0.25)) continue;
      const [known, record] = [this.known.get(dag), recordOf(this.tables, dag)];
      if (known === undefined || record === undefined) continue;
      this.bringBack(known, record);
    }
  }

  private bringBack(known: Known, record: DagRecord): void {
    known.run = runOfRecord(record, Math.max(this.times.get(record.shard) ?? 0, record.createdAt));
    known.state = known.run.state.slice();
    known.status = known.run.status;
    this.runs.set(record.dag, known.run);
  }
}

/** Replays a history. */
export const replay = (entries: readonly Entry[]): Replayed => {
  const replayed = new Replay();
  for (const entry of entries) replayed.take(entry);
  replayed.end();
  return replayed;
};
