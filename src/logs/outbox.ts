/**
 * The worker's side of task logs: lines wait for a moment and leave in chunks. Whatever there is too much of is dropped: a line that has a number and
 * never comes tells of itself, and how many there were is counted. An attempt that says nothing costs nothing.
 */
import type { LogLine } from '../core/logLine';
import type { Redaction } from '../core/redact';
import type { Service } from '../lifecycle/service';
import { pause } from '../lifecycle/timing';
import type { Clock } from '../ports/clock';
import type { Announce } from '../ports/happenings';
import type { AppendLogs } from '../ports/taskLogs';
import { createLogBuffer, type BufferBounds, type Portion, type Speaker } from './buffer';

export type { Speaker } from './buffer';

export interface OutboxBounds extends BufferBounds {
  /** What leaves in the long run. */
  readonly bytesPerSecond: number;
}

export interface OutboxNeeds {
  readonly append: AppendLogs;
  readonly worker: string;
  readonly bounds: OutboxBounds;
  readonly redaction: Redaction;
  readonly clock: Clock;
  readonly announce: Announce;
}

export interface Outbox extends Service {
  /** Takes a line, or drops it. Never waits and never throws. */
  say(speaker: Speaker, line: LogLine): void;
  /** Nothing more comes of this attempt. */
  fellSilent(speaker: Speaker): void;
}

/** How long a line waits for company, and the last ones of an attempt. */
const FLUSH_MS = 1000;
const LAST_MS = 100;
const ENOUGH_BYTES = 65_536;
const RETRY_MS = 500;
/** A minute; newer lines are worth more then. */
const MOST_TRIES = 120;
/** What a stop gives the last lines. */
const LAST_WORDS_MS = 2000;
/** A flood drops a million lines a second: it is told of once. */
const TELL_DROPPED_MS = 1000;

/** Counts dropped lines by where it happened, and tells of them now and then. */
const createDropped = ({ clock, announce }: Pick<OutboxNeeds, 'clock' | 'announce'>) => {
  const none = { handler: 0, buffer: 0, sending: 0 };
  let counts = { ...none };
  let isToBeTold = false;
  const tell = (): void => {
    isToBeTold = false;
    const { handler, buffer, sending } = counts;
    counts = { ...none };
    if (handler + buffer + sending > 0) announce('lines.dropped', { handler, buffer, sending });
  };
  return {
    tell,
    add: (where: keyof typeof none, lines: number): void => {
      if (lines === 0) return;
      counts[where] += lines;
      if (isToBeTold) return;
      isToBeTold = true;
      clock.after(TELL_DROPPED_MS, tell);
    },
  };
};

/** Makes the outbox of a worker. */
export const createOutbox = (needs: OutboxNeeds): Outbox => {
  const { append, bounds, clock, announce } = needs;
  const buffer = createLogBuffer(needs);
  const dropped = createDropped(needs);
  let timer: { readonly at: number; readonly cancel: () => void } | undefined;
  let sending: Promise<void> | undefined;
  /** By the rate: nothing leaves before. */
  let notBefore = 0;
  const stopping = new AbortController();

  const flushWithin = (ms: number): void => {
    if (sending !== undefined) return;
    const now = clock.monotonic();
    const at = Math.max(now + ms, stopping.signal.aborted ? 0 : notBefore);
    if (timer !== undefined && timer.at <= at) return;
    timer?.cancel();
    timer = {
      at,
      cancel: clock.after(at - now, () => {
        timer = undefined;
        // A line that was dropped leaves nothing, and what isn't sent has no end that would let the next begin.
        if (!buffer.isEmpty()) sending ??= send();
      }),
    };
  };

  /** Or dropped. */
  const untilDurable = async ({ chunks, lines }: Portion): Promise<void> => {
    for (let tries = 0; tries < MOST_TRIES && !(tries > 0 && stopping.signal.aborted); tries++) {
      try {
        await append(chunks);
        return;
      } catch (error) {
        announce('loop.failed', { loop: 'task logs', error });
        await pause(clock, RETRY_MS, stopping.signal);
      }
    }
    dropped.add('sending', lines);
  };

  const send = async (): Promise<void> => {
    const portion = buffer.take();
    notBefore = clock.monotonic() + (portion.bytes / bounds.bytesPerSecond) * 1000;
    if (portion.chunks.length > 0) await untilDurable(portion);
    portion.done();
    sending = undefined;
    if (buffer.isEmpty()) return;
    flushWithin(buffer.size() >= ENOUGH_BYTES ? 0 : buffer.hasLastLines() ? LAST_MS : FLUSH_MS);
  };

  const drained = async (): Promise<void> => {
    for (const until = clock.monotonic() + LAST_WORDS_MS; !buffer.isEmpty() && clock.monotonic() < until;) {
      sending ??= send();
      await sending;
    }
  };
  return {
    name: 'task logs',
    start: () => Promise.resolve(),
    stop: async () => {
      timer?.cancel();
      stopping.abort();
      await sending;
      await drained();
      dropped.tell();
    },
    say: (speaker, line) => {
      dropped.add('handler', line.skipped);
      dropped.add('buffer', buffer.add(speaker, line));
      flushWithin(buffer.size() >= ENOUGH_BYTES ? 0 : FLUSH_MS);
    },
    fellSilent: (speaker) => {
      if (buffer.end(speaker)) flushWithin(LAST_MS);
    },
  };
};
