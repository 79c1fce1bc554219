/** Runs in the thread or process of an isolated handler: loads its module, then carries out one call after the other. */
import { carryOut } from '../execution';
import { loadHandler } from '../loadHandler';
import { errorOf } from '../outcome';
import { lookAfterOutput } from '../printed';
import type { Voice, Work } from '../work';
import { createLineWindow, type LineWindow } from './lineWindow';
import type { Line, PlaceSettings } from './messages';

interface Call {
  resolve(): void;
  reject(error: Error): void;
}

/** Checkpoints that aren't durable yet, of all tasks of one call of the handler. */
interface Keeping {
  last: number;
  readonly calls: Map<number, Call>;
}

/** Characters of log lines that may be under way to the worker, and that may wait here beyond. */
const LINES_SIZE = 262_144;

interface Speaking {
  readonly keeping: Keeping;
  readonly lines: LineWindow;
  /** Nothing that its handler left behind is heard any more. */
  over: boolean;
}

const voiceTo = (line: Line, member: number, speaking: Speaking): Voice => ({
  say: (said) => {
    if (!speaking.over) speaking.lines.say(member, said);
  },
  checkpoint: (state) =>
    new Promise((resolve, reject) => {
      const { keeping } = speaking;
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
  const printed = lookAfterOutput();
  const lines = createLineWindow({
    windowSize: LINES_SIZE,
    waitingSize: LINES_SIZE,
    send: (member, said) => {
      line.send({ kind: 'log', member, line: said });
    },
  });
  let current: { readonly speaking: Speaking; readonly controllers: readonly AbortController[] } | undefined;

  const run = async (works: readonly Work[]): Promise<void> => {
    const speaking: Speaking = { keeping: { last: 0, calls: new Map() }, lines, over: false };
    const controllers = works.map(() => new AbortController());
    current = { speaking, controllers };
    const handler = await loading;
    const outcomes = await carryOut(
      handler,
      works.map((work, member) => ({ work, voice: voiceTo(line, member, speaking), signal: controllers[member]!.signal })),
      printed,
    );
    current = undefined;
    speaking.over = true;
    lines.flush();
    line.send({ kind: 'ended', outcomes });
  };

  line.listen((message) => {
    if (message.kind === 'run') void run(message.works);
    else if (message.kind === 'abort') current?.controllers[message.member]?.abort(message.reason);
    else if (message.kind === 'taken') lines.taken(message.size);
    else {
      const call = current?.speaking.keeping.calls.get(message.call);
      current?.speaking.keeping.calls.delete(message.call);
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
    lines.flush();
    line.send({ kind: 'crashed', error: errorOf(error) });
    line.leave(1);
  };
  process.on('uncaughtException', crash);
  process.on('unhandledRejection', crash);
};
