/** One call of a handler: the context that it gets, and the value that tells how it ended. */
import { taskIdOf } from '../core/ids';
import type { Handler, TaskContext } from './handler';
import { outcomeOfResult, outcomeOfThrown, toJson, type Outcome } from './outcome';
import type { Voice, Work } from './work';

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

/** What the handler sees. */
export const contextOf = ({ dispatch, fence, inputs, limits }: Work, voice: Voice, signal: AbortSignal): TaskContext => {
  const upstream: Record<string, unknown> = {};
  for (const [name, result] of Object.entries(inputs.upstream)) upstream[name] = parse(result);
  return {
    task: {
      dagId: dispatch.dag,
      taskId: taskIdOf(dispatch.dag, dispatch.task),
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
    signal,
    logger: voice.logger,
    checkpoint: checkpointWith(voice, limits.checkpointBytes),
    progress: (fraction, message) => {
      if (!Number.isNaN(fraction)) voice.progress(Math.min(1, Math.max(0, fraction)), message?.slice(0, MAX_MESSAGE) ?? null);
    },
  };
};

/** Calls the handler and classifies its end; never rejects. */
export const carryOut = async (handler: Handler, work: Work, voice: Voice, signal: AbortSignal): Promise<Outcome> => {
  try {
    return outcomeOfResult(await handler(contextOf(work, voice, signal)), work.limits.resultBytes);
  } catch (thrown) {
    return outcomeOfThrown(thrown, signal);
  }
};
