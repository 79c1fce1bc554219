/** Runs in the thread or process of an isolated handler: loads its module, then carries out one call after the other. */
import { carryOut } from '../execution';
import type { TaskLogger } from '../../core/handler';
import { loadHandler } from '../loadHandler';
import { errorOf } from '../outcome';
import type { Voice, Work } from '../work';
import type { Line, Logged, PlaceSettings } from './messages';

interface Call {
  resolve(): void;
  reject(error: Error): void;
}

/** Checkpoints that aren't durable yet, of all tasks of one call of the handler. */
interface Keeping {
  last: number;
  readonly calls: Map<number, Call>;
}

/** Undefined where JSON has no text for it: a log line must not end an attempt. */
const textOf = (details: Readonly<Record<string, unknown>> | undefined): string | null => {
  try {
    return details === undefined ? null : JSON.stringify(details);
  } catch {
    return null;
  }
};

const loggerTo = (line: Line, member: number): TaskLogger => {
  const at =
    (level: Logged['level']): TaskLogger['info'] =>
    (message, details) => {
      line.send({ kind: 'log', member, level, message, details: textOf(details) });
    };
  return { info: at('info'), warn: at('warn'), error: at('error') };
};

const voiceTo = (line: Line, member: number, keeping: Keeping): Voice => ({
  logger: loggerTo(line, member),
  checkpoint: (state) =>
    new Promise((resolve, reject) => {
      keeping.last += 1;
      keeping.calls.set(keeping.last, { resolve, reject });
      line.send({ kind: 'checkpoint', member, call: keeping.last, state });
    }),
  progress: (fraction, message) => {
    line.send({ kind: 'progress', member, fraction, message });
  },
});

/** Serves the line until the place is ended. */
export const serve = (line: Line, { file }: PlaceSettings): void => {
  const loading = loadHandler(file);
  let current: { readonly keeping: Keeping; readonly controllers: readonly AbortController[] } | undefined;

  const run = async (works: readonly Work[]): Promise<void> => {
    const keeping: Keeping = { last: 0, calls: new Map() };
    const controllers = works.map(() => new AbortController());
    current = { keeping, controllers };
    const handler = await loading;
    const outcomes = await carryOut(
      handler,
      works.map((work, member) => ({ work, voice: voiceTo(line, member, keeping), signal: controllers[member]!.signal })),
    );
    current = undefined;
    line.send({ kind: 'ended', outcomes });
  };

  line.listen((message) => {
    if (message.kind === 'run') void run(message.works);
    else if (message.kind === 'abort') current?.controllers[message.member]?.abort(message.reason);
    else {
      const call = current?.keeping.calls.get(message.call);
      current?.keeping.calls.delete(message.call);
      if (message.refusal === null) call?.resolve();
      else call?.reject(new Error(message.refusal));
    }
  });
  loading.then(
    (loaded) => {
      line.send({ kind: 'ready', batch: typeof loaded === 'function' ? null : loaded.batch });
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
