/** The log of a task as the API shows it: pages of lines, the whole as text, and a stream that goes on while the task does. */
import { isFinalTask, type TaskStatus } from '../core/dag';
import { overloaded } from '../core/failure';
import type { TaskRef } from '../core/ids';
import type { LineLevel, LineStream } from '../core/logLine';
import { pause } from '../lifecycle/timing';
import type { Clock } from '../ports/clock';
import type { ChunkView, TaskLogViews } from '../ports/taskLogs';
import type { TaskView, TaskViews } from '../ports/views';
import type { Page } from './lists';
import { lineCursorText, type LineCursor, type LogQuery } from './query';

/** A line, or the word that some are missing here. */
export interface ShownLine {
  /** Where a reader goes on after it. */
  readonly id: string;
  readonly attempt: number;
  readonly worker: string;
  /** From 1 within the attempt. */
  readonly line: number;
  readonly time: string;
  readonly level: LineLevel;
  readonly stream: LineStream;
  readonly text: string;
  readonly fields: unknown;
  /** So many lines before the next one are missing: what was too much was dropped. Null for a line. */
  readonly dropped: number | null;
}

type Where = Pick<LogQuery, 'attempt' | 'search' | 'limit'> & { readonly after: LineCursor | undefined };

const CHUNKS_AT_ONCE = 16;
/** Of one page: a search that finds nothing answers where it came to. */
const MOST_CHUNKS = 256;

const lineId = ({ id }: ChunkView, line: number): string => lineCursorText({ chunk: id, line });

const missingLines = (chunk: ChunkView): ShownLine => ({
  id: lineId(chunk, chunk.first),
  attempt: chunk.attempt,
  worker: chunk.worker,
  line: chunk.first,
  time: new Date(chunk.lines[0]?.at ?? chunk.storedAt).toISOString(),
  level: 'warn',
  stream: 'log',
  text: `${String(chunk.missing)} line${chunk.missing === 1 ? ' was' : 's were'} left out here: more came than is kept`,
  fields: null,
  dropped: chunk.missing,
});

const linesOf = (chunk: ChunkView, after: LineCursor | undefined): ShownLine[] => {
  const lines = chunk.lines.map(({ at, ...line }, i): ShownLine => {
    const number = chunk.first + 1 + i;
    const { attempt, worker } = chunk;
    return { id: lineId(chunk, number), attempt, worker, line: number, time: new Date(at).toISOString(), ...line, dropped: null };
  });
  const all = chunk.missing > 0 ? [missingLines(chunk), ...lines] : lines;
  return after?.chunk === chunk.id ? all.filter(({ line }) => line > after.line) : all;
};

const matches = ({ text, fields }: ShownLine, search: string | undefined): boolean =>
  search === undefined || text.toLowerCase().includes(search) || (fields !== null && JSON.stringify(fields).toLowerCase().includes(search));

interface Look {
  readonly items: readonly ShownLine[];
  /** Null where nothing more is there now. */
  readonly nextCursor: string | null;
  readonly last: ChunkView | undefined;
  readonly after: LineCursor | undefined;
}

/** Looks at some chunks from a place on; `after` is where it came to. */
const look = async (views: TaskLogViews, ref: TaskRef, { attempt, search, limit, after }: Where): Promise<Look> => {
  const items: ShownLine[] = [];
  let place = after;
  let last: ChunkView | undefined;
  for (let seen = 0; seen < MOST_CHUNKS; seen += CHUNKS_AT_ONCE) {
    const chunks = await views.chunks(ref, { attempt, from: place?.chunk }, CHUNKS_AT_ONCE);
    for (const chunk of chunks) {
      for (const line of linesOf(chunk, place)) {
        const isShown = matches(line, search);
        if (isShown && items.length === limit) return { items, nextCursor: lineCursorText(place!), last, after: place };
        if (isShown) items.push(line);
        place = { chunk: chunk.id, line: line.line };
      }
      place = { chunk: chunk.id, line: Math.max(chunk.first + chunk.lines.length, chunk.id === place?.chunk ? place.line : 0) };
      last = chunk;
    }
    if (chunks.length < CHUNKS_AT_ONCE) return { items, nextCursor: null, last, after: place };
  }
  return { items, nextCursor: place === undefined ? null : lineCursorText(place), last, after: place };
};

/** One page of lines. */
export const logPage = async (views: TaskLogViews, ref: TaskRef, where: Where): Promise<Page> => {
  const { items, nextCursor } = await look(views, ref, where);
  return { json: JSON.stringify({ items, nextCursor }), nextCursor, limit: where.limit };
};

const textLine = ({ time, level, attempt, worker, text, fields }: ShownLine): string =>
  `${time} ${level.toUpperCase().padEnd(5)} [${String(attempt)} ${worker}] ${text}${fields === null ? '' : ` ${JSON.stringify(fields)}`}\n`;

/** The whole log as text, in pieces; always at least one, so that an early failure is still a proper answer. */
export async function* logText(views: TaskLogViews, ref: TaskRef, where: Where): AsyncGenerator<string> {
  let after = where.after;
  for (let first = true; ; first = false) {
    const seen = await look(views, ref, { ...where, after });
    if (first || seen.items.length > 0) yield seen.items.map(textLine).join('');
    after = seen.after;
    if (seen.nextCursor === null) return;
  }
}

export interface FollowersNeeds {
  readonly views: TaskLogViews & Pick<TaskViews, 'task'>;
  readonly clock: Pick<Clock, 'now' | 'after'>;
  readonly most: number;
}

export interface Followers {
  /** Lines as they come, as server-sent events, until the task is final and its log complete, `gone` is aborted, or the process stops. */
  follow(ref: TaskRef, where: Where, gone: AbortSignal): AsyncGenerator<string>;
  /** Ends all of them: their clients come again, elsewhere. */
  end(): void;
}

const LOOK_MS = 500;
/** What comes after a final task's last line has this time. */
const LAST_LINES_MS = 2000;
const KEEP_ALIVE_LOOKS = 30;
const RETRY_SECONDS = 5;

const eventOf = (line: ShownLine): string => `event: line\nid: ${line.id}\ndata: ${JSON.stringify(line)}\n\n`;
const endEvent = (status: TaskStatus | null): string => `event: end\ndata: ${JSON.stringify({ status })}\n\n`;

/**
 * Whether nothing more will come: the end mark of the last attempt was seen, or there was time enough for it. An attempt before a rerun or before
 * its worker gave it back had the same number.
 */
const isComplete = (task: TaskView, last: ChunkView | undefined, now: number, finalSince: number): boolean =>
  (last?.ended === true && last.attempt >= task.attempt && last.storedAt >= (task.startedAt ?? 0)) ||
  now - Math.min(finalSince, task.completedAt ?? now) >= LAST_LINES_MS;

/** Asked anew: it may have been aborted meanwhile. */
const isAborted = (signal: AbortSignal): boolean => signal.aborted;

/** Those who follow logs, `most` at once. */
export const createFollowers = ({ views, clock, most }: FollowersNeeds): Followers => {
  const ending = new AbortController();
  let following = 0;

  async function* lines(ref: TaskRef, where: Where, over: AbortSignal): AsyncGenerator<string> {
    let { after } = where;
    let last: ChunkView | undefined;
    let finalSince: number | undefined;
    for (let looks = 0; !over.aborted; looks++) {
      // Asked before the lines are read: of a final task all that has come by then is seen.
      const task = await views.task(ref);
      let seen: Look;
      do {
        seen = await look(views, ref, { ...where, after });
        ({ after } = seen);
        last = seen.last ?? last;
        if (seen.items.length > 0) yield seen.items.map(eventOf).join('');
      } while (seen.nextCursor !== null && !isAborted(over));
      if (task === undefined || isFinalTask(task.status)) {
        finalSince ??= clock.now();
        if (task === undefined || isComplete(task, last, clock.now(), finalSince)) {
          yield endEvent(task?.status ?? null);
          return;
        }
      } else finalSince = undefined;
      if (looks % KEEP_ALIVE_LOOKS === KEEP_ALIVE_LOOKS - 1) yield ': still here\n\n';
      await pause(clock, LOOK_MS, over);
    }
  }
  return {
    follow: async function* (ref, where, gone) {
      if (following >= most)
        throw overloaded(
          `${String(most)} clients follow logs here already (taskLogs.followers): follow fewer, or ask another scheduler`,
          RETRY_SECONDS * 1000,
        );
      following += 1;
      try {
        yield `retry: 1000\n\n`;
        yield* lines(ref, where, AbortSignal.any([gone, ending.signal]));
      } finally {
        following -= 1;
      }
    },
    end: () => {
      ending.abort();
    },
  };
};
