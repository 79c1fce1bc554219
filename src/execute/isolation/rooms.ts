/** Threads and processes for isolated handlers. */
import { type ChildProcess, fork } from 'node:child_process';
import path from 'node:path';
import { Worker } from 'node:worker_threads';
import type { FromPlace, PlaceSettings } from './messages';
import type { OpenRoom } from './place';

export interface RoomSettings extends PlaceSettings {
  /** Of the JavaScript heap; beyond it an attempt ends as OUT_OF_MEMORY. */
  readonly heapMb: number;
  /** Told what a process prints while no handler runs in it; a thread prints on the worker's own streams then. */
  readonly onOutput: (stream: 'stdout' | 'stderr', text: string) => void;
}

const doNothing = (): void => undefined;

/**
 * When all that could be read by now has been. A busy loop reads from a pipe also what came after it had asked which are readable, so that another
 * pipe's older bytes are only seen by the next poll, which lies between the check phase of this turn and that of the next one.
 */
const afterNextPoll = (then: () => void): void => {
  setImmediate(() => setImmediate(then));
};

/** A thread: quick to start, shares the process's fate and its memory outside of the heap. */
export const threadRoom =
  ({ file, heapMb }: RoomSettings): OpenRoom =>
  ({ onMessage, onExit }) => {
    const thread = new Worker(path.join(__dirname, 'threadHost.js'), {
      workerData: { file } satisfies PlaceSettings,
      resourceLimits: { maxOldGenerationSizeMb: heapMb },
      name: 'handler',
    });
    let outOfMemory = false;
    thread.on('message', (message: FromPlace) => {
      onMessage(message);
    });
    thread.on('error', (error: Error & { readonly code?: string }) => {
      outOfMemory = error.code === 'ERR_WORKER_OUT_OF_MEMORY';
      if (!outOfMemory) onMessage({ kind: 'crashed', error: { kind: 'HANDLER', name: error.name, message: error.message } });
    });
    thread.on('exit', (code) => {
      onExit({ outOfMemory, code, signal: null });
    });
    return {
      post: (message) => {
        thread.postMessage(message);
      },
      kill: () => {
        void thread.terminate();
      },
    };
  };

/** What V8 says on standard error before it ends a process whose heap is full. */
const HEAP_IS_FULL = /heap out of memory|invalid size error|Allocation failed/i;
const KEPT_CHARACTERS = 4000;
/** Its last words come right after its end, and never end where what it started inherited its standard error. */
const LAST_WORDS_MS = 200;

/** With all that it started: it leads a group of its own. */
const killGroup = ({ pid }: ChildProcess): void => {
  try {
    if (pid !== undefined) process.kill(-pid, 'SIGKILL');
  } catch {
    // It has ended by itself.
  }
};

/** A process: nothing that the handler does can harm the worker, not even native code. */
export const processRoom =
  ({ file, heapMb, onOutput }: RoomSettings): OpenRoom =>
  ({ onMessage, onExit, onPrinted }) => {
    const child = fork(path.join(__dirname, 'processHost.js'), [file], {
      execArgv: [`--max-old-space-size=${String(heapMb)}`],
      stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
      detached: true,
    });
    let lastWords = '';
    const hear = (stream: 'stdout' | 'stderr', text: string): void => {
      if (!onPrinted(stream, text)) onOutput(stream, text);
    };
    child.stdout?.setEncoding('utf8').on('data', (text: string) => {
      hear('stdout', text);
    });
    child.stderr?.setEncoding('utf8').on('data', (text: string) => {
      lastWords = (lastWords + text).slice(-KEPT_CHARACTERS);
      hear('stderr', text);
    });
    child.on('message', (message: FromPlace) => {
      // What was printed before waits in another pipe and is still the call's.
      if (message.kind !== 'ended') onMessage(message);
      else {
        afterNextPoll(() => {
          onMessage(message);
        });
      }
    });
    // It can't be started, or a message comes too late for it.
    child.on('error', (error) => {
      onMessage({ kind: 'crashed', error: { kind: 'HANDLER', name: error.name, message: error.message } });
      if (child.pid === undefined) onExit({ outOfMemory: false, code: null, signal: null });
    });
    child.once('exit', (code, signal) => {
      killGroup(child);
      const tell = (): void => {
        clearTimeout(late);
        child.removeListener('close', tell);
        // What it left behind may hold them open for ever.
        child.stdout?.destroy();
        child.stderr?.destroy();
        onExit({ outOfMemory: signal === 'SIGABRT' && HEAP_IS_FULL.test(lastWords), code, signal });
      };
      const late = setTimeout(tell, LAST_WORDS_MS);
      child.once('close', tell);
    });
    return {
      post: (message) => {
        // Without file descriptors for a channel it can't be sent anything, and the error that says so is still to come.
        if (child.connected) child.send(message, doNothing);
      },
      kill: () => {
        killGroup(child);
      },
    };
  };
