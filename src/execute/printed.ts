/** What handlers print, kept with their tasks: each call of a handler has a storage of its own that follows its timers and promises. */
import { AsyncLocalStorage } from 'node:async_hooks';
import type { LineLevel, LineStream } from '../core/logLine';
import { createLineCutter, type LineCutter } from './lineCutter';
import type { Voice } from './work';

/** Looks after what is printed while handlers run. */
export interface Printed {
  /** What `call` prints, also later on, is said with this voice. */
  during<T>(voice: Pick<Voice, 'say'>, call: () => T): T;
}

type Output = Exclude<LineStream, 'log'>;

interface Speaking {
  readonly voice: Pick<Voice, 'say'>;
  readonly cutters: Partial<Record<Output, LineCutter>>;
}

const LEVELS: Readonly<Record<Output, LineLevel>> = { stdout: 'info', stderr: 'warn' };
/** What the console itself knows better than its stream tells. */
const KNOWN = ['debug', 'error'] as const;

const textOf = (chunk: string | Uint8Array): string => (typeof chunk === 'string' ? chunk : Buffer.from(chunk).toString('utf8'));

/** A line as it was printed at this moment. */
export const printedLine = (stream: Output, text: string, level: LineLevel = LEVELS[stream]): Parameters<Voice['say']>[0] => ({
  at: Date.now(),
  level,
  stream,
  text,
  fields: null,
  skipped: 0,
});

/**
 * Takes over `process.stdout`, `process.stderr` and what the console knows of levels, in this thread and for good: to be called once. Outside of
 * calls they do what they did.
 */
export const lookAfterOutput = (): Printed => {
  const storage = new AsyncLocalStorage<Speaking>();
  let known: LineLevel | undefined;

  const hear = (stream: Output, speaking: Speaking, text: string): void => {
    const level = known;
    const cutter = (speaking.cutters[stream] ??= createLineCutter((line, lineLevel) => {
      speaking.voice.say(printedLine(stream, line, lineLevel));
    }));
    cutter.push(text, level);
  };
  const takeOver = (stream: Output): void => {
    const target = process[stream];
    const before = target.write.bind(target) as (...given: unknown[]) => boolean;
    const write = (chunk: string | Uint8Array, ...more: unknown[]): boolean => {
      const speaking = storage.getStore();
      if (speaking === undefined) return before(chunk, ...more);
      hear(stream, speaking, textOf(chunk));
      const done = more.find((one) => typeof one === 'function');
      if (done !== undefined) process.nextTick(done);
      return true;
    };
    target.write = write;
  };
  takeOver('stdout');
  takeOver('stderr');
  const { console: printing } = globalThis;
  for (const name of KNOWN) {
    const own = printing[name].bind(printing);
    printing[name] = (...given: unknown[]) => {
      known = name;
      try {
        own(...given);
      } finally {
        known = undefined;
      }
    };
  }
  const flush = ({ cutters }: Speaking): void => {
    for (const cutter of Object.values(cutters)) cutter.flush();
  };
  return {
    during: (voice, call) => {
      const speaking: Speaking = { voice, cutters: {} };
      const done = (): void => {
        flush(speaking);
      };
      try {
        const answer = storage.run(speaking, call);
        // Whoever waits for the answer does so behind this: what is left is said before the end is told.
        if (answer instanceof Promise) answer.then(done, done);
        else done();
        return answer;
      } catch (error) {
        done();
        throw error;
      }
    },
  };
};
