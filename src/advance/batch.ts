/** What was applied in memory and waits for its commit, over all owned shards. */
import type { Commanded } from '../core/command';
import type { Audited, Event, Marked, Report } from '../core/event';
import { applyEvent } from '../core/applyEvent';
import { isEvent } from '../core/decode';
import { shardOf, type DagId } from '../core/ids';
import { changesOf, newStep, type Ready, type Step } from '../core/step';
import type { LawSettings } from '../core/transition';
import type { CommitBatch } from '../ports/store';
import type { LogRecord } from '../ports/transport';
import type { LiveShard } from './liveShard';
import type { Traced } from './spans';

export interface Batch {
  readonly step: Step;
  readonly shards: Map<number, LiveShard>;
  /** Events of each shard in this batch, and its last piece. */
  readonly events: Map<number, number>;
  readonly lastPieces: Map<number, Piece>;
  /** What became ready and may be sent only once it is committed. */
  readonly afterCommit: Ready[];
  /** Tasks that a command took away: whoever has them is told once that is committed. */
  readonly revoked: Step['revoked'];
  /** Commands on DAGs that aren't in memory: they are read, and the command told again. */
  readonly unknown: { readonly shard: LiveShard; readonly command: Commanded }[];
  /** DAGs that others stored: to be read from the store. */
  readonly submitted: { readonly shard: LiveShard; readonly dag: DagId }[];
  /** Reports and audits of DAGs that aren't in memory: they are read, and these told again. */
  readonly early: { readonly shard: LiveShard; readonly event: Report | Audited }[];
  /** Reports whose spans are recorded once it is committed. */
  readonly traced: Traced[];
  /** Marks in the logs that were come to. */
  readonly marks: { readonly shard: LiveShard; readonly marked: Marked }[];
}

export const newBatch = (): Batch => ({
  step: newStep(),
  shards: new Map(),
  events: new Map(),
  lastPieces: new Map(),
  revoked: [],
  unknown: [],
  submitted: [],
  early: [],
  traced: [],
  marks: [],
  afterCommit: [],
});

export const isEmpty = (batch: Batch): boolean => batch.shards.size === 0;

/** Events applied so far. */
export const batchSize = (batch: Batch): number => {
  let size = 0;
  for (const count of batch.events.values()) size += count;
  return size;
};

/** A command is told again when its hint seems lost: the second one finds it settled. */
const applyCommand = (batch: Batch, shard: LiveShard, command: Commanded, law: LawSettings): void => {
  if (shard.settled.has(command.id)) return;
  if (!shard.runs.has(command.dag)) {
    batch.unknown.push({ shard, command });
    return;
  }
  shard.settled.add(command.id);
  if (command.unstorable) {
    const { id, dag } = command;
    const detail = 'the store refused what this command writes: check its texts for characters that no database takes';
    batch.step.commands.push({ id, dag, outcome: 'REFUSED', detail, affected: 0, at: shard.now });
    return;
  }
  applyEvent(batch.step, command, { runs: shard.runs, now: shard.now, law });
};

const isOfOneDag = (event: Event): event is Report | Audited => event.type === 'audited' || ('fence' in event && 'dag' in event);

const applyOne = (batch: Batch, shard: LiveShard, event: Event, law: LawSettings): void => {
  if (!isEvent(event)) batch.step.refused.push({ type: 'unknown', reason: 'malformed' });
  else if (event.type === 'submitted') batch.submitted.push({ shard, dag: event.dag });
  else if (isOfOneDag(event) && !shard.runs.has(event.dag)) batch.early.push({ shard, event });
  else if (event.type === 'marked') batch.marks.push({ shard, marked: event });
  else if (event.type === 'alive') shard.vouchers.hear(event.session, shard.now);
  else if (event.type === 'lost' && shard.vouchers.speaksFor(event.session, shard.now))
    batch.step.refused.push({ type: 'lost', reason: 'its session lives by the log' });
  else if (event.type === 'commanded') applyCommand(batch, shard, event, law);
  else applyEvent(batch.step, event, { runs: shard.runs, now: shard.now, law });
};

/** Part of a record: all of it, or a few events where the store refused them together. */
export interface Piece {
  readonly record: LogRecord;
  /** Index of its first event in the record. */
  readonly from: number;
  readonly events: readonly Event[];
  /** Whether the record is applied in full with this piece. */
  readonly last: boolean;
}

/** A batch with so many rows takes no further event. One event may touch thousands: the cancel of a large DAG. */
const MOST_ROWS = 20_000;

export const isFull = ({ step }: Batch): boolean => step.rows >= MOST_ROWS;

/**
 * Applies a piece to its shard, up to the event that fills the batch, and answers what it applied and what is left. The shard's position moves
 * on with a record's last piece.
 */
export const applyPiece = (
  batch: Batch,
  shard: LiveShard,
  whole: Piece,
  law: LawSettings,
): { readonly done: Piece; readonly rest: Piece | undefined } => {
  const { record, from } = whole;
  shard.now = Math.max(shard.now, record.timestamp);
  batch.shards.set(shard.shard, shard);
  let count = 0;
  while (count < whole.events.length && !(count > 0 && isFull(batch))) applyOne(batch, shard, whole.events[count++]!, law);
  const isWhole = count === whole.events.length;
  const done = isWhole ? whole : { ...whole, events: whole.events.slice(0, count), last: false };
  batch.lastPieces.set(shard.shard, done);
  batch.events.set(shard.shard, (batch.events.get(shard.shard) ?? 0) + count);
  if (done.last) shard.position = { nextOffset: record.offset + 1n, last: { timestamp: record.timestamp, hash: record.hash } };
  return { done, rest: isWhole ? undefined : { ...whole, from: from + count, events: whole.events.slice(count) } };
};

/** Keeps what spans are made of. */
export const noteTraced = (batch: Batch, shard: LiveShard, { events }: Piece): void => {
  for (const event of events) {
    if ((event.type !== 'completed' && event.type !== 'failed') || event.trace === undefined) continue;
    const run = shard.runs.get(event.dag);
    if (run !== undefined) batch.traced.push({ run, event, at: shard.now });
  }
};

const leave = <T>(list: readonly T[], stays: (each: T) => boolean): void => {
  const kept = list.filter(stays);
  (list as T[]).length = 0;
  for (const each of kept) (list as T[]).push(each);
};

/** Leaves out what was decided in shards that were given up: their rows, and whatever would tell of changes that weren't written. */
export const leaveOutShards = (batch: Batch, given: ReadonlySet<number>): void => {
  const { step } = batch;
  for (const shard of given) batch.shards.delete(shard);
  for (const run of step.touched.keys()) if (given.has(run.shard)) step.touched.delete(run);
  const stays = ({ dag }: { readonly dag: DagId }): boolean => !given.has(shardOf(dag));
  for (const list of [step.attempts, step.deadLetters, step.history, step.commands, step.edits, step.retrying]) leave(list, stays);
  leave(step.acknowledged, ({ shard }) => !given.has(shard));
  leave(step.settled, ({ shard }) => !given.has(shard));
  leave(batch.traced, ({ run }) => !given.has(run.shard));
};

/** The rows and positions to write, as they stand now. */
export const commitOf = (batch: Batch): CommitBatch => ({
  shards: [...batch.shards.values()].sort((a, b) => a.shard - b.shard).map(({ shard, epoch, position }) => ({ shard, epoch, position })),
  ...changesOf(batch.step),
  attempts: batch.step.attempts,
  deadLetters: batch.step.deadLetters,
  history: batch.step.history,
  commands: batch.step.commands,
  edits: batch.step.edits,
});
