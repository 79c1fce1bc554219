/** Runs in the thread or process of an isolated handler: loads its module, then carries out one attempt after the other. */
import { carryOut } from '../execution';
import type { TaskLogger } from '../handler';
import { loadHandler } from '../loadHandler';
import { errorOf, outcomeOfAbort, type AbortReason } from '../outcome';
import type { Voice, Work } from '../work';
import type { FromPlace, Line, PlaceSettings } from './messages';

interface Call {
  resolve(): void;
  reject(error: Error): void;
}

/** Undefined where JSON has no text for it: a log line must not end an attempt. */
const textOf = (details: Readonly<Record<string, unknown>> | undefined): string | null => {
  try {
    return details === undefined ? null : JSON.stringify(details);
  } catch {
    return null;
  }
};

const loggerTo = (line: Line): TaskLogger => {
  const at =
    (level: Extract<FromPlace, { kind: 'log' }>['level']): TaskLogger['info'] =>
    (message, details) => {
      line.send({ kind: 'log', level, message, details: textOf(details) });
    };
  return { info: at('info'), warn: at('warn'), error: at('error') };
};

const voiceTo = (line: Line, calls: Map<number, Call>): Voice => {
  let last = 0;
  return {
    logger: loggerTo(line),
    checkpoint: (state) =>
      new Promise((resolve, reject) => {
        last += 1;
        calls.set(last, { resolve, reject });
        line.send({ kind: 'checkpoint', call: last, state });
      }),
    progress: (fraction, message) => {
      line.send({ kind: 'progress', fraction, message });
    },
  };
};

/** Serves the line until the place is ended. */
export const serve = (line: Line, { file }: PlaceSettings): void => {
  const loading = loadHandler(file);
  let current: { readonly calls: Map<number, Call>; readonly controller: AbortController } | undefined;

  const run = async (work: Work): Promise<void> => {
    const calls = new Map<number, Call>();
    const controller = new AbortController();
    current = { calls, controller };
    const handler = await loading;
    const { signal } = controller;
    // Many a handler waits for its signal to fire, and would wait for ever where it has fired before.
    const outcome = signal.aborted ? outcomeOfAbort(signal.reason as AbortReason) : await carryOut(handler, work, voiceTo(line, calls), signal);
    current = undefined;
    line.send({ kind: 'ended', outcome });
  };

  line.listen((message) => {
    if (message.kind === 'run') void run(message.work);
    else if (message.kind === 'abort') current?.controller.abort(message.reason);
    else {
      const call = current?.calls.get(message.call);
      current?.calls.delete(message.call);
      if (message.refusal === null) call?.resolve();
      else call?.reject(new Error(message.refusal));
    }
  });
  loading.then(
    () => {
      line.send({ kind: 'ready' });
    },
    (error: unknown) => {
      line.send({ kind: 'refused', why: error instanceof Error ? error.message : String(error) });
      line.leave(1);
    },
  );
  const crash = (error: unknown): void => {
    line.send({ kind: 'crashed', error: errorOf(error) });
    line.leave(1);
  };
  process.on('uncaughtException', crash);
  process.on('unhandledRejection', crash);
};
