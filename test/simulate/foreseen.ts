/**
 * What an owner may have applied and never committed. Its first dispatches leave before their commit, so what became ready in its
 * memory may have been begun, whatever the commits say in the end.
 */
import { recordOf } from '../../src/adapters/memory/store';
import { applyEvent } from '../../src/core/applyEvent';
import type { Event } from '../../src/core/event';
import type { DagId } from '../../src/core/ids';
import { runOfRecord } from '../../src/core/restore';
import type { Run } from '../../src/core/run';
import { newStep, type Ready } from '../../src/core/step';
import { LAW } from './cluster';
import type { Entry } from './history';

/** A place in a shard's log: which of its topics, and how many records lie before. */
export interface Place {
  readonly log: number;
  readonly next: number;
}

/** By `dag/task#dispatch`: up to where the log must have been applied before that dispatch may start. */
export type ReadyAt = Map<string, Place>;

type Appended = Extract<Entry, { kind: 'appended' }>;
export type LawEvent = Exclude<Event, { type: 'submitted' | 'alive' | 'marked' }>;

export const isBehind = (one: Place, other: Place): boolean => one.log < other.log || (one.log === other.log && one.next < other.next);

export const dispatchKey = (dag: DagId, task: number, dispatch: number): string => `${dag}/${String(task)}#${String(dispatch)}`;

export const isOfLaw = (event: Event): event is LawEvent => event.type !== 'submitted' && event.type !== 'alive' && event.type !== 'marked';

export const dagsOf = (event: LawEvent): ReadonlySet<DagId> => new Set('tasks' in event ? event.tasks.map(({ dag }) => dag) : [event.dag]);

/** The first place counts: what is ready again under the same number was ready before, and what one owner had late another had early. */
export const noteReady = (readyAt: ReadyAt, ready: readonly Ready[], record: Appended): void => {
  const place = { log: Number(record.log), next: Number(record.offset) + 1 };
  for (const { run, task, dispatch } of ready) {
    const key = dispatchKey(run.dag, task, dispatch);
    const known = readyAt.get(key);
    if (known === undefined || isBehind(place, known)) readyAt.set(key, place);
  }
};

export class Foreseen {
  private readonly runs = new Map<DagId, Run>();

  constructor(
    private readonly tables: Parameters<typeof recordOf>[0],
    /** The law's time in a shard. */
    private readonly timeOf: (shard: number) => number,
    private readonly readyAt: ReadyAt,
  ) {}

  /**
   * Applies an event as an owner does whose commit never came. Such an owner may have been deposed and know a DAG that its
   * successor has still to find.
   */
  apply(record: Appended, event: LawEvent): void {
    for (const dag of dagsOf(event)) {
      const known = this.runs.has(dag) ? undefined : this.read(dag);
      if (known !== undefined) this.runs.set(dag, known);
    }
    this.applyTo(this.runs, record, event);
  }

  forget(isMeant: (dag: DagId) => boolean): void {
    for (const dag of this.runs.keys()) if (isMeant(dag)) this.runs.delete(dag);
  }

  /**
   * An owner finds a new DAG at some time, and has the commands that came before told again. After a takeover they are obeyed where
   * they stand: what the old owner did meanwhile, without them, is applied to copies, for each place at which it may have found the DAG.
   */
  findLate(records: readonly Appended[], isNew: (dag: DagId) => boolean): void {
    const commands = new Map<DagId, number>();
    for (const { events } of records)
      for (const event of events) if (event.type === 'commanded' && isNew(event.dag)) commands.set(event.dag, (commands.get(event.dag) ?? 0) + 1);
    for (const [dag, count] of commands) for (let missed = 1; missed <= count; missed++) this.applyWithout(missed, dag, records);
  }

  private applyWithout(missed: number, dag: DagId, records: readonly Appended[]): void {
    const run = this.read(dag);
    if (run === undefined) return;
    const runs = new Map([[dag, run]]);
    let left = missed;
    for (const record of records)
      for (const event of record.events) {
        if (!isOfLaw(event) || !dagsOf(event).has(dag)) continue;
        if (event.type === 'commanded' && left-- > 0) continue;
        this.applyTo(runs, record, event);
      }
  }

  private applyTo(runs: ReadonlyMap<DagId, Run>, record: Appended, event: LawEvent): void {
    const step = newStep();
    applyEvent(step, event, { runs, now: Math.max(this.timeOf(record.shard), record.timestamp), law: LAW });
    noteReady(
      this.readyAt,
      step.ready.filter(({ dispatch }) => dispatch === 1),
      record,
    );
  }

  private read(dag: DagId): Run | undefined {
    const record = recordOf(this.tables, dag);
    return record === undefined ? undefined : runOfRecord(record, Math.max(this.timeOf(record.shard), record.createdAt));
  }
}
