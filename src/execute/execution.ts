/** One call of a handler: the contexts that it gets, and the values that tell how it ended. */
import { taskIdOf } from '../core/ids';
import type { Handler, TaskContext, TaskLogger } from '../core/handler';
import { fieldsText, type LineLevel } from '../core/logLine';
import { errorOfWhole, isError, problemOfAnswer } from './batch';
import { outcomeOfAbort, outcomeOfResult, outcomeOfThrown, toJson, type AbortReason, type Outcome } from './outcome';
import type { Printed } from './printed';
import type { Batched, Loaded, Member, Voice } from './work';

const MAX_MESSAGE = 2000;

const parse = (text: string | null): unknown => (text === null ? null : (JSON.parse(text) as unknown));

/** Too large for the log it would hold up every later report of this worker. */
const checkpointWith =
  ({ checkpoint }: Voice, limitBytes: number): TaskContext['checkpoint'] =>
  (state) => {
    const text = toJson(state ?? null) ?? 'null';
    const bytes = Buffer.byteLength(text);
    const done =
      bytes <= limitBytes
        ? checkpoint(text)
        : Promise.reject(new RangeError(`the checkpoint has ${String(bytes)} bytes, more than the ${String(limitBytes)} allowed`));
    // A handler that doesn't wait for it must not bring down the process when its attempt is given up.
    done.catch(() => undefined);
    return done;
  };

const loggerOf = ({ say }: Voice): TaskLogger => {
  const at =
    (level: LineLevel): TaskLogger['info'] =>
    // Whatever a handler in JavaScript gives.
    (message: unknown, details) => {
      say({ at: Date.now(), level, stream: 'log', text: String(message), fields: fieldsText(details), skipped: 0 });
    };
  return { debug: at('debug'), info: at('info'), warn: at('warn'), error: at('error') };
};

/** What the handler sees. */
export const contextOf = ({ work: { dispatch, fence, inputs, limits, traceparent }, voice, signal }: Member): TaskContext => {
  // A task may be called __proto__, which can't be assigned to.
  const upstream = Object.fromEntries(Object.entries(inputs.upstream).map(([name, result]) => [name, parse(result)]));
  let logger: TaskLogger | undefined;
  return {
    task: {
      dagId: dispatch.dag,
      taskId: taskIdOf(dispatch.dag, dispatch.copyOf ?? dispatch.task),
      name: dispatch.name,
      type: dispatch.type,
      tags: dispatch.tags,
      simulate: dispatch.simulate,
    },
    payload: parse(inputs.payload),
    restored: parse(inputs.checkpoint),
    upstream,
    attempt: dispatch.attempt,
    fence: BigInt(fence),
    traceparent,
    signal,
    // Made when first used: most handlers log nothing.
    get logger() {
      return (logger ??= loggerOf(voice));
    },
    checkpoint: checkpointWith(voice, limits.checkpointBytes),
    progress: (fraction, message) => {
      if (!Number.isNaN(fraction)) voice.progress(Math.min(1, Math.max(0, fraction)), message?.slice(0, MAX_MESSAGE) ?? null);
    },
  };
};

const single = async (handler: Handler, member: Member, printed?: Printed): Promise<Outcome> => {
  try {
    const context = contextOf(member);
    return outcomeOfResult(
      await (printed === undefined ? handler(context) : printed.during(member.voice, () => handler(context))),
      member.work.limits.resultBytes,
    );
  } catch (thrown) {
    return outcomeOfThrown(thrown, member.signal);
  }
};

const each = async (handler: Handler, members: readonly Member[], printed?: Printed): Promise<readonly Outcome[]> =>
  members.length === 1 ? [await single(handler, members[0]!, printed)] : Promise.all(members.map((member) => single(handler, member, printed)));

const outcomeOfEntry = (entry: PromiseSettledResult<unknown>, { signal, work }: Member): Outcome => {
  if (entry.status === 'rejected') return outcomeOfThrown(entry.reason, signal);
  return isError(entry.value) ? outcomeOfThrown(entry.value, signal) : outcomeOfResult(entry.value, work.limits.resultBytes);
};

/** What threw was the call: whoever's signal had fired ends by that all the same. */
const outcomeOfWhole = (thrown: unknown, { signal }: Member, size: number): Outcome => {
  const outcome = outcomeOfThrown(thrown, signal);
  return outcome.kind === 'failed' && !signal.aborted ? { ...outcome, error: errorOfWhole(outcome.error, size) } : outcome;
};

const batched = async ({ handle }: Batched, members: readonly Member[], printed?: Printed): Promise<readonly Outcome[]> => {
  try {
    const contexts = members.map(contextOf);
    const answer = await (printed === undefined ? handle(contexts) : printed.during(members[0]!.voice, () => handle(contexts)));
    const problem = problemOfAnswer(answer, members.length);
    if (problem !== undefined) throw new TypeError(problem);
    const entries = await Promise.allSettled(answer);
    return entries.map((entry, i) => outcomeOfEntry(entry, members[i]!));
  } catch (thrown) {
    return members.map((member) => outcomeOfWhole(thrown, member, members.length));
  }
};

/** Takes those whose end is `known` as they are and asks `call` about the others; answers in the order of all. */
export const withKnown = <T>(
  all: readonly T[],
  known: (one: T) => Outcome | undefined,
  call: (open: readonly T[]) => Promise<readonly Outcome[]>,
): Promise<readonly Outcome[]> => {
  const ends = all.map(known);
  if (ends.every((end) => end === undefined)) return call(all);
  const open = all.filter((_, i) => ends[i] === undefined);
  const calling = open.length === 0 ? Promise.resolve([]) : call(open);
  return calling.then((outcomes) => {
    let next = 0;
    return ends.map((end) => end ?? outcomes[next++]!);
  });
};

/** Many a handler waits for its signal to fire, and would wait for ever where it has fired before. */
const firedBefore = ({ signal }: Member): Outcome | undefined => (signal.aborted ? outcomeOfAbort(signal.reason as AbortReason) : undefined);

/** Calls the handler and classifies the end of each of its tasks; never rejects. What it prints is its task's where `printed` looks after it. */
export const carryOut = (handler: Loaded, members: readonly Member[], printed?: Printed): Promise<readonly Outcome[]> =>
  withKnown(members, firedBefore, (open) => (typeof handler === 'function' ? each(handler, open, printed) : batched(handler, open, printed)));
