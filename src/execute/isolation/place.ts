/** One thread or process that holds one handler, and runs its attempts one after the other. */
import type { TaskError } from '../../core/dag';
import { outcomeOfAbort, type AbortReason, type Outcome } from '../outcome';
import type { Begun, Voice, Work } from '../work';
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
}

export type OpenRoom = (listener: RoomListener) => Room;

export interface Place {
  /** Resolves when its module is loaded, rejects with the reason why it can't be. */
  readonly loaded: Promise<void>;
  /** Resolves when it is over. */
  readonly over: Promise<void>;
  /** Whether it can run another attempt. */
  isUsable(): boolean;
  run(work: Work, voice: Voice, signal: AbortSignal): Begun;
  /** Ends it by force, with what runs in it. */
  end(): void;
}

interface Running {
  readonly voice: Voice;
  readonly signal: AbortSignal;
  settle(outcome: Outcome): void;
}

const evidenceOf = ({ code, signal }: Exit): NonNullable<TaskError['evidence']> => ({ exitCode: code, signal });

const failed = (error: TaskError): Outcome => ({ kind: 'failed', retryable: true, error });

/** The end of an attempt whose place ended under it. */
const outcomeOfExit = (exit: Exit): Outcome => {
  const evidence = evidenceOf(exit);
  if (exit.outOfMemory) return failed({ kind: 'OUT_OF_MEMORY', message: 'the handler needed more memory than its heap limit', evidence });
  const how = exit.signal === null ? `ended with code ${String(exit.code)}` : `was ended by ${exit.signal}`;
  return failed({ kind: 'KILLED', message: `the handler's place ${how}`, evidence });
};

const keep = async (post: Room['post'], { call, state }: Extract<FromPlace, { kind: 'checkpoint' }>, voice: Voice): Promise<void> => {
  try {
    await voice.checkpoint(state);
    post({ kind: 'kept', call, refusal: null });
  } catch (error) {
    post({ kind: 'kept', call, refusal: error instanceof Error ? error.message : String(error) });
  }
};

/** What a handler says while it runs. */
const say = (room: Room, message: Extract<FromPlace, { kind: 'checkpoint' | 'progress' | 'log' }>, voice: Voice): void => {
  if (message.kind === 'progress') voice.progress(message.fraction, message.message);
  else if (message.kind === 'checkpoint') void keep(room.post, message, voice);
  else {
    const details = message.details === null ? undefined : (JSON.parse(message.details) as Readonly<Record<string, unknown>>);
    voice.logger[message.level](message.message, details);
  }
};

interface Gate {
  readonly promise: Promise<void>;
  open(): void;
  fail(error: Error): void;
}

const createGate = (): Gate => {
  let open: Gate['open'];
  let fail: Gate['fail'];
  const promise = new Promise<void>((resolve, reject) => {
    open = resolve;
    fail = reject;
  });
  // Whoever doesn't wait for it hears of the end by the attempt.
  promise.catch(() => undefined);
  return { promise, open: open!, fail: fail! };
};

/** Opens a place; it loads its module at once. */
export const createPlace = (open: OpenRoom): Place => {
  const [loaded, over] = [createGate(), createGate()];
  let running: Running | undefined;
  let crash: TaskError | undefined;
  let usable = true;

  const settle = (outcome: Outcome): void => {
    const ended = running;
    running = undefined;
    ended?.settle(outcome);
  };
  const hear = (message: FromPlace): void => {
    switch (message.kind) {
      case 'ready':
        loaded.open();
        break;
      case 'refused':
        crash = { kind: 'HANDLER', message: `the handler can't be loaded: ${message.why}` };
        break;
      case 'crashed':
        crash = message.error;
        break;
      case 'ended':
        settle(message.outcome);
        break;
      default:
        if (running !== undefined) say(room, message, running.voice);
    }
  };
  const exited = (exit: Exit): void => {
    usable = false;
    const reason = running?.signal.aborted === true ? (running.signal.reason as AbortReason) : undefined;
    if (reason !== undefined) settle(outcomeOfAbort(reason, { end: 'by force', ...evidenceOf(exit) }));
    else if (crash !== undefined) settle(failed({ ...crash, evidence: evidenceOf(exit) }));
    else settle(outcomeOfExit(exit));
    loaded.fail(new Error(crash?.message ?? 'it ended before it was loaded'));
    over.open();
  };
  const room = open({ onMessage: hear, onExit: exited });

  const end = (): void => {
    usable = false;
    room.kill();
  };
  return {
    loaded: loaded.promise,
    over: over.promise,
    isUsable: () => usable && running === undefined,
    end,
    run: (work, voice, signal) => {
      const outcome = new Promise<Outcome>((resolve) => {
        running = { voice, signal, settle: resolve };
      });
      signal.addEventListener('abort', () => {
        room.post({ kind: 'abort', reason: signal.reason as AbortReason });
      });
      room.post({ kind: 'run', work });
      return { outcome, end };
    },
  };
};
