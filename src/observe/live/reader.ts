/** One client of the stream: what it can't take now waits, bounded; what it missed for good it is told with `reset`. */
import type { Clock } from '../../ports/clock';

/** Where a client is written to. */
export interface Sink {
  /** Whether it takes more at once. */
  write(bytes: Uint8Array): boolean;
  /** Calls `then` each time it takes more again. */
  onDrain(then: () => void): void;
  /** Ends in order what was written. */
  end(): void;
  /** Cuts the connection. */
  cut(): void;
}

export interface Frame {
  readonly event: 'overview' | 'dags' | 'workers' | 'dag' | 'reset' | 'alive';
  readonly bytes: Uint8Array;
}

/** Events that are whole states: the newest one is all that counts. */
const isSnapshot = ({ event }: Frame): boolean => event === 'overview' || event === 'workers';

export interface Reader {
  send(frame: Frame): void;
  /** Nothing that waited counts any more: the client reads anew. */
  reset(frame: Frame): void;
  /** Since when it hasn't taken anything; undefined where nothing waits. */
  stuckSince(): number | undefined;
  end(): void;
  cut(): void;
}

/** Of events that aren't snapshots: of these one each waits at the most. */
const WAITING_BYTES = 256 * 1024;

const bytesOf = (frames: readonly Frame[]): number => frames.reduce((sum, frame) => sum + (isSnapshot(frame) ? 0 : frame.bytes.byteLength), 0);

/** `reset` makes the frame that tells a client that it was too slow. */
export const createReader = (sink: Sink, clock: Pick<Clock, 'monotonic'>, reset: () => Frame): Reader => {
  let waiting: Frame[] = [];
  let missed = false;
  let fullSince: number | undefined;

  const isFree = (): boolean => fullSince === undefined;
  const write = (frame: Frame): void => {
    if (!sink.write(frame.bytes)) fullSince = clock.monotonic();
  };
  const miss = (): void => {
    missed = true;
    waiting = waiting.filter(isSnapshot);
  };
  const keep = (frame: Frame): void => {
    if (frame.event === 'alive') return;
    // Behind the others, as its id says that they were told.
    if (isSnapshot(frame)) waiting = waiting.filter(({ event }) => event !== frame.event);
    else if (missed) return;
    waiting.push(frame);
    if (bytesOf(waiting) > WAITING_BYTES) miss();
  };
  sink.onDrain(() => {
    fullSince = undefined;
    if (missed) {
      missed = false;
      write(reset());
    }
    while (isFree() && waiting.length > 0) write(waiting.shift()!);
  });
  return {
    send: (frame) => {
      if (isFree()) write(frame);
      else keep(frame);
    },
    reset: (frame) => {
      if (isFree()) write(frame);
      else miss();
    },
    stuckSince: () => fullSince,
    end: () => {
      // What isn't read would keep the connection open.
      if (isFree()) sink.end();
      else sink.cut();
    },
    cut: sink.cut,
  };
};
