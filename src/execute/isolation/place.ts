/** One thread or process that holds one handler, and runs its calls one after the other. */
import type { TaskError } from '../../core/dag';
import type { BatchLimits } from '../../core/handler';
import { errorOfWhole } from '../batch';
import { outcomeOfAbort, type AbortReason, type Outcome } from '../outcome';
import type { Begun, Member, Voice } from '../work';
import { createLineCutter } from '../lineCutter';
import { printedLine } from '../printed';
import { sizeOfLine } from './lineWindow';
import type { FromPlace, ToPlace } from './messages';

/** How a place came to its end, with what is known of it. */
export interface Exit {
  readonly outOfMemory: boolean;
  readonly code: number | null;
  readonly signal: string | null;
}

/** A thread or a process, seen from the worker. */
export interface Room {
  post(message: ToPlace): void;
  /** Ends it by force; `onExit` tells when it is over. */
  kill(): void;
}

export interface RoomListener {
  onMessage(message: FromPlace): void;
  onExit(exit: Exit): void;
  /** Printed past its handler's own streams; false where no call runs whose it could be. */
  onPrinted(stream: 'stdout' | 'stderr', text: string): boolean;
}

export type OpenRoom = (listener: RoomListener) => Room;

export interface Place {
  /** Resolves when its module is loaded, with what that says of its batches; rejects with the reason why it can't be. */
  readonly loaded: Promise<BatchLimits | null>;
  /** Resolves when it is over, with how it came to that. */
  readonly over: Promise<Exit>;
  /** Whether it can run another call. */
  isUsable(): boolean;
  run(members: readonly Member[]): Begun;
  /** Ends it by force, with what runs in it. */
  end(): void;
}

interface Running {
  readonly members: readonly Member[];
  settle(outcomes: readonly Outcome[]): void;
}

const evidenceOf = ({ code, signal }: Exit): NonNullable<TaskError['evidence']> => ({ exitCode: code, signal });

const errorOfExit = (exit: Exit): TaskError => {
  const evidence = evidenceOf(exit);
  if (exit.outOfMemory) return { kind: 'OUT_OF_MEMORY', message: 'the handler needed more memory than its heap limit', evidence };
  const how = exit.signal === null ? `ended with code ${String(exit.code)}` : `was ended by ${exit.signal}`;
  return { kind: 'KILLED', message: `the handler's place ${how}`, evidence };
};

interface PlaceEnd {
  readonly exit: Exit;
  /** What the place itself said of its end. */
  readonly crash: TaskError | undefined;
  /** It was ended because of a task that ignored its signal. */
  readonly cut: boolean;
}

/** The end of a task whose place ended under it: nobody can tell which of a batch brought that about, unless one ignored its signal. */
const outcomeAtEnd = ({ exit, crash, cut }: PlaceEnd, { signal }: Member, size: number): Outcome => {
  const evidence = evidenceOf(exit);
  if (signal.aborted) return outcomeOfAbort(signal.reason as AbortReason, { end: 'by force', ...evidence });
  if (cut) return { kind: 'aborted', reason: 'another task of its batch ignored its signal and was ended by force' };
  const error = crash === undefined ? errorOfExit(exit) : { ...crash, evidence };
  return { kind: 'failed', retryable: true, error: errorOfWhole(error, size) };
};

const keep = async (post: Room['post'], { call, state }: Extract<FromPlace, { kind: 'checkpoint' }>, voice: Voice): Promise<void> => {
  try {
    await voice.checkpoint(state);
    post({ kind: 'kept', call, refusal: null });
  } catch (error) {
    post({ kind: 'kept', call, refusal: error instanceof Error ? error.message : String(error) });
  }
};

/** Log lines are acknowledged in portions: a fraction of what may be under way. */
const TAKEN_AT_ONCE = 32_768;

/** Hears what handlers say of their tasks while they run. */
const createHearing = (post: Room['post']) => {
  let taken = 0;
  return (message: Extract<FromPlace, { kind: 'log' | 'checkpoint' | 'progress' }>, voice: Voice | undefined): void => {
    if (message.kind === 'log') {
      voice?.say(message.line);
      taken += sizeOfLine(message.line);
      if (taken < TAKEN_AT_ONCE) return;
      post({ kind: 'taken', size: taken });
      taken = 0;
    } else if (voice === undefined) return;
    else if (message.kind === 'progress') voice.progress(message.fraction, message.message);
    else void keep(post, message, voice);
  };
};

/** What a process prints past its handler's streams (native code, children) is the running call's: of a batch its first task's. */
const createListening = (running: () => Running | undefined) => {
  const cutterOf = (stream: 'stdout' | 'stderr') =>
    createLineCutter((line) => {
      running()?.members[0]?.voice.say(printedLine(stream, line));
    });
  const cutters = { stdout: cutterOf('stdout'), stderr: cutterOf('stderr') };
  return {
    hear: (stream: 'stdout' | 'stderr', text: string): boolean => {
      if (running() === undefined) return false;
      cutters[stream].push(text);
      return true;
    },
    flush: () => {
      cutters.stdout.flush();
      cutters.stderr.flush();
    },
  };
};

interface Gate<T> {
  readonly promise: Promise<T>;
  open(value: T): void;
  fail(error: Error): void;
}

const createGate = <T>(): Gate<T> => {
  let open: Gate<T>['open'];
  let fail: Gate<T>['fail'];
  const promise = new Promise<T>((resolve, reject) => {
    open = resolve;
    fail = reject;
  });
  // Whoever doesn't wait for it hears of the end by the attempt.
  promise.catch(() => undefined);
  return { promise, open: open!, fail: fail! };
};

/** Opens a place; it loads its module at once. */
export const createPlace = (open: OpenRoom): Place => {
  const [loaded, over] = [createGate<BatchLimits | null>(), createGate<Exit>()];
  let running: Running | undefined;
  let crash: TaskError | undefined;
  let usable = true;
  let cut = false;

  const listening = createListening(() => running);
  const settle = (outcomes: readonly Outcome[]): void => {
    listening.flush();
    const ended = running;
    running = undefined;
    ended?.settle(outcomes);
  };
  const hear = (message: FromPlace): void => {
    switch (message.kind) {
      case 'ready':
        loaded.open(message.batch);
        break;
      case 'refused':
        crash = { kind: 'HANDLER', message: `the handler can't be loaded: ${message.why}` };
        break;
      case 'crashed':
        crash = message.error;
        break;
      case 'ended':
        settle(message.outcomes);
        break;
      default:
        listen(message, running?.members[message.member]?.voice);
    }
  };
  const exited = (exit: Exit): void => {
    usable = false;
    const members = running?.members ?? [];
    settle(members.map((member) => outcomeAtEnd({ exit, crash, cut }, member, members.length)));
    loaded.fail(new Error(crash?.message ?? 'it ended before it was loaded'));
    over.open(exit);
  };
  const room = open({ onMessage: hear, onExit: exited, onPrinted: listening.hear });
  const listen = createHearing(room.post);

  const end = (): void => {
    usable = false;
    room.kill();
  };
  return {
    loaded: loaded.promise,
    over: over.promise,
    isUsable: () => usable && running === undefined,
    end,
    run: (members) => {
      const outcomes = new Promise<readonly Outcome[]>((resolve) => {
        running = { members, settle: resolve };
      });
      members.forEach(({ signal }, member) => {
        signal.addEventListener('abort', () => {
          room.post({ kind: 'abort', member, reason: signal.reason as AbortReason });
        });
      });
      room.post({ kind: 'run', works: members.map(({ work }) => work) });
      return {
        outcomes,
        loaded: loaded.promise,
        end: () => {
          cut = true;
          end();
        },
      };
    },
  };
};
