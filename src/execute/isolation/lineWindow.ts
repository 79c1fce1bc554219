/**
 * Log lines on their way from a handler's place to its worker. They leave at once while few are under way, so that those of a handler that never
 * ends its turn get out; beyond, the newest ones wait, and what they push out is counted.
 */
import type { LogLine } from '../../core/logLine';

export interface LineWindow {
  say(member: number, line: LogLine): void;
  /** The worker has taken so much. */
  taken(size: number): void;
  /** Sends what waits, because the call ends. */
  flush(): void;
}

export interface LineWindowNeeds {
  send(member: number, line: LogLine): void;
  /** What may be under way, and what may wait beyond. */
  readonly windowSize: number;
  readonly waitingSize: number;
}

interface Waiting {
  readonly member: number;
  readonly line: LogLine;
}

/** What a line weighs: its characters, and its frame. */
export const sizeOfLine = ({ text, fields }: LogLine): number => 64 + text.length + (fields?.length ?? 0);

export const createLineWindow = ({ send, windowSize, waitingSize }: LineWindowNeeds): LineWindow => {
  let underWay = 0;
  let waiting: Waiting[] = [];
  let waits = 0;
  /** Dropped lines that no later line has told of, by member. */
  const dropped = new Map<number, number>();

  const post = ({ member, line }: Waiting): void => {
    const skipped = dropped.get(member) ?? 0;
    dropped.delete(member);
    underWay += sizeOfLine(line);
    send(member, skipped === 0 ? line : { ...line, skipped: line.skipped + skipped });
  };
  const makeRoom = (): void => {
    let first = 0;
    for (; waits > waitingSize && first < waiting.length; first++) {
      const { member, line } = waiting[first]!;
      waits -= sizeOfLine(line);
      dropped.set(member, (dropped.get(member) ?? 0) + 1 + line.skipped);
    }
    // Moving all of them up for each one that is dropped would cost their square.
    waiting = waiting.slice(first);
  };
  const sendWhile = (may: () => boolean): void => {
    let first = 0;
    for (; first < waiting.length && may(); first++) {
      waits -= sizeOfLine(waiting[first]!.line);
      post(waiting[first]!);
    }
    if (first > 0) waiting = waiting.slice(first);
  };
  return {
    say: (member, line) => {
      if (waiting.length === 0 && underWay < windowSize) {
        post({ member, line });
        return;
      }
      waiting.push({ member, line });
      waits += sizeOfLine(line);
      // Some more than allowed, so that making room is rare.
      if (waits > 2 * waitingSize) makeRoom();
    },
    taken: (size) => {
      underWay -= size;
      sendWhile(() => underWay < windowSize);
    },
    flush: () => {
      makeRoom();
      sendWhile(() => true);
      const lost = [...dropped];
      for (const [member] of lost)
        post({ member, line: { at: Date.now(), level: 'warn', stream: 'log', text: 'the last lines were lost', fields: null, skipped: 0 } });
    },
  };
};
