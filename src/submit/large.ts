/** Reads large bodies in a thread of their own, one after the other, so that the loop which serves everything else goes on. */
import path from 'node:path';
import { Worker } from 'node:worker_threads';
import type { PlannedTask } from '../core/dag';
import { failure } from '../core/failure';
import { createBatcher } from '../lifecycle/batcher';
import { within } from '../lifecycle/timing';
import type { DagIdentity, PlanSettings } from '../plan/plan';
import type { Clock } from '../ports/clock';
import type { Answer, Question } from './largeThread';
import type { Reading } from './reader';

export interface LargeNeeds {
  readonly settings: PlanSettings;
  readonly clock: Pick<Clock, 'after'>;
  /** Bodies that may wait while one is read; further ones are refused as OVERLOADED. */
  readonly maxWaiting?: number;
  /** How long the thread may take for an answer, in milliseconds. */
  readonly timeoutMs?: number;
  /** The compiled largeThread.js; the one beside this file by default. */
  readonly threadFile?: string;
}

export interface LargeReader {
  /** Reads a body; rejects with OVERLOADED where too many wait, it takes too long, or the reader stops. */
  read(body: Uint8Array, identity: DagIdentity): Promise<Reading>;
  /** Ends the thread; a later read begins a new one. */
  stop(): Promise<void>;
}

/** Each of them may be as large as the limit on bodies. */
const MAX_WAITING = 8;
const TIMEOUT_MS = 30_000;

interface Thread {
  /** One question at a time; rejects when the thread ends first. */
  ask(question: Question): Promise<Answer>;
  end(): Promise<void>;
}

const startThread = (file: string, settings: PlanSettings): Thread => {
  const worker = new Worker(file, { workerData: settings, name: 'large bodies' });
  // What waits for an answer keeps the process alive by its own connection.
  worker.unref();
  let asked: { resolve(answer: Answer): void; reject(error: unknown): void } | undefined;
  let over: unknown;
  const fail = (error: unknown): void => {
    over ??= error;
    asked?.reject(over);
  };
  worker.on('message', (answer: Answer) => asked?.resolve(answer));
  worker.on('error', fail);
  worker.on('exit', () => {
    fail(failure('OVERLOADED', 'the thread that reads large bodies has ended'));
  });
  return {
    ask: (question) =>
      new Promise((resolve, reject) => {
        asked = { resolve, reject };
        if (over === undefined) worker.postMessage(question, question.kind === 'read' ? [question.body.buffer as ArrayBuffer] : []);
        // It may have failed before anything was asked of it.
        else fail(over);
      }),
    end: async () => {
      await worker.terminate();
    },
  };
};

/** Makes a reader; its thread starts with the first body. */
export const createLargeReader = (needs: LargeNeeds): LargeReader => {
  const { settings, clock, maxWaiting = MAX_WAITING, timeoutMs = TIMEOUT_MS, threadFile = path.join(__dirname, 'largeThread.js') } = needs;
  let thread: Thread | undefined;

  const stop = async (): Promise<void> => {
    const ending = thread;
    thread = undefined;
    await ending?.end();
  };
  const ask = (question: Question): Promise<Answer> => {
    thread ??= startThread(threadFile, settings);
    return within(clock, timeoutMs, thread.ask(question), () => failure('OVERLOADED', `a large body wasn't read within ${timeoutMs} ms`));
  };
  const readOne = async ({ body, identity }: { body: Uint8Array; identity: DagIdentity }): Promise<Reading> => {
    const tasks: PlannedTask[] = [];
    // A copy, because what the thread is given is gone here.
    let answer = await ask({ kind: 'read', body: new Uint8Array(body), identity });
    while (answer.kind === 'portion') {
      for (const task of answer.tasks) tasks.push(task);
      if (answer.last) return { kind: 'planned', dag: { ...answer.head, tasks } };
      answer = await ask({ kind: 'more' });
    }
    return answer;
  };
  const batcher = createBatcher<{ body: Uint8Array; identity: DagIdentity }, Reading>({
    maxItems: 1,
    maxPending: maxWaiting,
    overloaded: () => failure('OVERLOADED', `${maxWaiting} large submissions are waiting already`),
    flush: async ([item]) => {
      try {
        return [await readOne(item!)];
      } catch (error) {
        // Whatever it was about, the next body gets a thread that isn't.
        await stop();
        throw error;
      }
    },
  });
  return { read: (body, identity) => batcher.push({ body, identity }), stop };
};
