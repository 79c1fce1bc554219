/** Long computations of the core are generators that pause where they may be left for a while: here they run to their end. */
import { setImmediate as nextTurn } from 'node:timers/promises';

/** At each pause the event loop takes a turn, so that nobody else waits for the whole of it. */
export const inTurns = async <T>(computation: Generator<undefined, T>): Promise<T> => {
  let step = computation.next();
  while (step.done !== true) {
    await nextTurn();
    step = computation.next();
  }
  return step.value;
};
