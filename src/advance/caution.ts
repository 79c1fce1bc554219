/**
 * What to do about a batch that the store refuses for its content: the shard is replayed in ever smaller steps until one
 * event is left; that one is replaced by the failure of its task, and the log moves on.
 */
import type { Event } from '../core/event';
import type { LogRecord } from '../ports/transport';
import type { Piece } from './batch';

interface Care {
  /** Events that may be applied in one commit. */
  limit: number;
  /** Events that the store refused alone: `offset:index`. */
  readonly refused: Set<string>;
  /** Of those, the ones whose replacement was refused as well: they are passed over. */
  readonly hopeless: Set<string>;
}

export interface Caution {
  /** The steps in which a record is applied: one, unless its shard is under caution. */
  piecesOf(record: LogRecord): Piece[];
  isCareful(shard: number): boolean;
  /** The store refused a commit with this many events of the shard, `piece` being the last of them. */
  refused(piece: Piece, events: number): void;
  /** A commit went through: steps grow again. */
  accepted(shard: number): void;
}

const unstorable = (event: Event): Event | undefined => {
  if (event.type === 'commanded') return { ...event, unstorable: true };
  if (event.type !== 'completed' && event.type !== 'failed' && event.type !== 'checkpointed' && event.type !== 'progressed') return undefined;
  const { dag, task, dispatch, fence, session, sentAt, startedAt } = event;
  const endedAt = 'endedAt' in event ? event.endedAt : startedAt;
  return {
    type: 'failed',
    dag,
    task,
    dispatch,
    fence,
    session,
    worker: 'unknown',
    sentAt,
    startedAt,
    endedAt,
    retryable: false,
    error: { kind: 'UNSTORABLE', message: 'the store refused what the worker reported' },
  };
};

const NORMAL = 4096;

export const createCaution = (): Caution => {
  const cares = new Map<number, Care>();

  const piece = (record: LogRecord, care: Care, from: number): Piece => {
    const to = Math.min(record.events.length, from + care.limit);
    const events: Event[] = [];
    for (let i = from; i < to; i++) {
      const event = record.events[i]!;
      const key = `${record.offset}:${i}`;
      const mended = care.hopeless.has(key) ? undefined : care.refused.has(key) ? unstorable(event) : event;
      if (mended !== undefined) events.push(mended);
    }
    return { record, from, events, last: to === record.events.length };
  };

  return {
    piecesOf: (record) => {
      const care = cares.get(record.shard);
      if (care === undefined || record.events.length === 0) return [{ record, from: 0, events: record.events, last: true }];
      const pieces: Piece[] = [];
      for (let from = 0; from < record.events.length; from += care.limit) pieces.push(piece(record, care, from));
      return pieces;
    },
    isCareful: (shard) => cares.has(shard),
    refused: ({ record, from }, events) => {
      const care = cares.get(record.shard) ?? { limit: NORMAL, refused: new Set<string>(), hopeless: new Set<string>() };
      cares.set(record.shard, care);
      const key = `${record.offset}:${from}`;
      if (events <= 1) (care.refused.has(key) ? care.hopeless : care.refused).add(key);
      care.limit = Math.max(1, Math.floor(Math.min(events, care.limit) / 2));
    },
    accepted: (shard) => {
      const care = cares.get(shard);
      if (care === undefined) return;
      care.limit *= 2;
      if (care.limit >= NORMAL) cares.delete(shard);
    },
  };
};
