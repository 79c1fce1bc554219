/** What a worker has heard and not yet sent: lines by attempt, within bounds whatever is said and however fast. */
import type { DagId } from '../core/ids';
import type { Dispatch } from '../core/event';
import { cutFields, packLine, type LogLine } from '../core/logLine';
import type { Redaction } from '../core/redact';
import type { LogChunk } from '../ports/taskLogs';

/** Whose lines they are: an attempt under one grant. */
export interface Speaker {
  readonly dispatch: Pick<Dispatch, 'dag' | 'task' | 'copyOf' | 'attempt'>;
  readonly fence: string;
}

export interface BufferBounds {
  /** Bytes of one line; the rest is cut off. */
  readonly lineBytes: number;
  /** What may wait to be durable, a quarter of it of one attempt. */
  readonly bufferBytes: number;
}

export interface BufferNeeds {
  readonly worker: string;
  readonly bounds: BufferBounds;
  readonly redaction: Redaction;
}

export interface Portion {
  readonly chunks: readonly LogChunk[];
  readonly lines: number;
  readonly bytes: number;
  /** They wait no more: they are durable, or given up. */
  done(): void;
}

export interface LogBuffer {
  /** Takes a line, or drops it or older ones; gives how many lines were dropped. */
  add(speaker: Speaker, line: LogLine): number;
  /** Nothing more comes of this attempt; whether it said anything. */
  end(speaker: Speaker): boolean;
  /** What leaves next, in turns among the attempts, whose order changes so that none waits for ever. */
  take(): Portion;
  /** Bytes that wait, with those of portions that aren't done. */
  size(): number;
  isEmpty(): boolean;
  /** Whether the last lines of an attempt wait. */
  hasLastLines(): boolean;
}

interface Filling {
  first: number;
  /** Packed when they leave: what is dropped before costs next to nothing. */
  lines: LogLine[];
  size: number;
  ended: boolean;
}

interface Log {
  /** No more of the speaker, whose payload may be large. */
  readonly whose: { readonly dag: DagId; readonly task: number; readonly attempt: number; readonly fence: string };
  /** The number of its next line. */
  next: number;
  /** Bytes of what has left. */
  position: number;
  /** What waits, in bytes. */
  waits: number;
  readonly filling: Filling[];
}

const CHUNK_SIZE = 65_536;
/** Of one portion, as it is sent: what the brokers take of a partition at once is four times as much. */
const AT_ONCE_BYTES = 262_144;
/** What a chunk costs beside its lines: a row, and its place in an index. */
const CHUNK_COST = 128;
const ATTEMPTS_PART = 4;
const CHUNKS_OF_BUFFER = 32;
/** What the memory holds for a line beside its characters, and for a chunk of them with its log: empty lines and end marks are bounded by these. */
const LINE_COST = 128;
const FILLING_COST = 512;
/** Shorter strings are never slices of others. */
const SLICED_FROM = 13;

/** Of what is not ASCII each character takes two bytes in memory, and up to three on its way. */
const bytesOf = (text: string): number => {
  const bytes = Buffer.byteLength(text);
  return bytes === text.length ? bytes : Math.max(bytes, 2 * text.length);
};

/** A slice would keep all of a huge text in memory. */
const copyOf = (text: string): string => {
  if (text.length < SLICED_FROM) return text;
  const encoding = Buffer.byteLength(text) === text.length ? 'latin1' : 'utf16le';
  return Buffer.from(text, encoding).toString(encoding);
};

const bounded = ({ text, fields, ...line }: LogLine, lineBytes: number): LogLine => ({
  ...line,
  text: text.length > 2 * lineBytes ? text.slice(0, 2 * lineBytes) : text,
  fields: fields === null ? null : cutFields(fields, lineBytes),
});
const sizeOf = ({ text, fields }: LogLine): number => LINE_COST + bytesOf(text) + (fields === null ? 0 : bytesOf(fields));

/** Whether the next line of a log goes into the last chunk that fills: chunks have no gaps. */
const goesOn = ({ filling, next }: Log, chunkSize: number): boolean => {
  const last = filling.at(-1);
  return last !== undefined && last.first + last.lines.length === next && last.size < chunkSize;
};

/** The first lines that waited, as many as fit: text may take several times its size on its way. */
const packed = (lines: readonly LogLine[], { bounds, redaction }: BufferNeeds): { readonly texts: string[]; readonly sentBytes: number } => {
  const texts: string[] = [];
  let sentBytes = CHUNK_COST;
  for (const line of lines) {
    const text = packLine(line, bounds.lineBytes, redaction);
    // A chunk's lines are a text within JSON.
    const bytes = Buffer.byteLength(JSON.stringify(text));
    if (texts.length > 0 && sentBytes + bytes > CHUNK_SIZE) break;
    texts.push(text);
    sentBytes += bytes;
  }
  return { texts, sentBytes };
};

/** Makes the buffer of a worker. */
export const createLogBuffer = (needs: BufferNeeds): LogBuffer => {
  const { worker, bounds } = needs;
  const chunkSize = Math.max(2 * FILLING_COST, Math.min(CHUNK_SIZE, bounds.bufferBytes / CHUNKS_OF_BUFFER));
  /** Of attempts that run. */
  const speaking = new Map<Speaker, Log>();
  /** Those of which something waits: true where the attempt has ended. */
  const waiting = new Map<Log, boolean>();
  let waits = 0;

  const count = (log: Log, size: number): void => {
    log.waits += size;
    waits += size;
  };
  const hasRoom = (log: Log, size: number): boolean => waits + size < bounds.bufferBytes && log.waits + size < bounds.bufferBytes / ATTEMPTS_PART;

  /** An attempt that says too much loses its oldest lines that still wait, but for its very first ones: the newest tell most. Gives how many. */
  const makeRoom = (log: Log, size: number): number => {
    let dropped = 0;
    while (!hasRoom(log, size)) {
      const oldest = log.filling.findIndex(({ first }, i) => first > 0 && i < log.filling.length - 1);
      const [gone] = oldest < 0 ? [] : log.filling.splice(oldest, 1);
      if (gone === undefined) break;
      count(log, -gone.size);
      dropped += gone.lines.length;
    }
    return dropped;
  };
  const addFilling = (log: Log): void => {
    log.filling.push({ first: log.next, lines: [], size: FILLING_COST, ended: false });
    count(log, FILLING_COST);
  };
  const logOf = (speaker: Speaker): Log => {
    let log = speaking.get(speaker);
    if (log === undefined) {
      const { dag, task, copyOf: original, attempt } = speaker.dispatch;
      log = { whose: { dag, task: original ?? task, attempt, fence: speaker.fence }, next: 0, position: 0, waits: 0, filling: [] };
      speaking.set(speaker, log);
    }
    return log;
  };

  const chunkOf = (log: Log, filling: Filling): { readonly chunk: LogChunk; readonly size: number; readonly sentBytes: number } => {
    const { texts, sentBytes } = packed(filling.lines, needs);
    const left = filling.lines.splice(0, texts.length);
    const isWhole = filling.lines.length === 0;
    const size = isWhole ? filling.size : left.reduce((sum, line) => sum + sizeOf(line), 0);
    const lines = `[${texts.join(',')}]`;
    const bytes = Buffer.byteLength(lines) + CHUNK_COST;
    const { first } = filling;
    const ended = isWhole && filling.ended;
    const chunk: LogChunk = { ...log.whose, worker, first, count: texts.length, position: log.position, bytes, ended, lines };
    log.position += bytes;
    filling.first += texts.length;
    filling.size -= size;
    if (isWhole) log.filling.shift();
    return { chunk, size, sentBytes };
  };

  const take = (): Portion => {
    const chunks: LogChunk[] = [];
    const left: { readonly log: Log; readonly size: number }[] = [];
    let sentBytes = 0;
    for (const [log, ended] of [...waiting]) {
      if (sentBytes >= AT_ONCE_BYTES) break;
      for (let next = log.filling[0]; next !== undefined && sentBytes < AT_ONCE_BYTES; next = log.filling[0]) {
        const made = chunkOf(log, next);
        chunks.push(made.chunk);
        left.push({ log, size: made.size });
        sentBytes += made.sentBytes;
      }
      waiting.delete(log);
      if (log.filling.length > 0) waiting.set(log, ended);
    }
    const sum = (of: (chunk: LogChunk) => number): number => chunks.reduce((all, chunk) => all + of(chunk), 0);
    const done = (): void => {
      for (const { log, size } of left) count(log, -size);
    };
    return { chunks, lines: sum((chunk) => chunk.count), bytes: sum(({ bytes }) => bytes), done };
  };

  return {
    add: (speaker, given) => {
      const log = logOf(speaker);
      log.next += given.skipped;
      const line = bounded(given, bounds.lineBytes);
      const size = sizeOf(line);
      const cost = goesOn(log, chunkSize) ? size : size + FILLING_COST;
      let dropped = makeRoom(log, cost);
      if (hasRoom(log, cost)) {
        if (cost > size) addFilling(log);
        const filling = log.filling.at(-1)!;
        filling.lines.push({ ...line, text: copyOf(line.text) });
        filling.size += size;
        count(log, size);
        waiting.set(log, false);
      } else dropped += 1;
      log.next += 1;
      return dropped;
    },
    end: (speaker) => {
      const log = speaking.get(speaker);
      if (log === undefined) return false;
      speaking.delete(speaker);
      if (!goesOn(log, Infinity) && hasRoom(log, FILLING_COST)) addFilling(log);
      const last = log.filling.at(-1);
      if (last !== undefined) {
        last.ended = last.first + last.lines.length === log.next;
        waiting.set(log, true);
      }
      return true;
    },
    take,
    size: () => waits,
    isEmpty: () => waiting.size === 0,
    hasLastLines: () => [...waiting.values()].includes(true),
  };
};
