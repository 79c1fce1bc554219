/** Runs a computation that pauses to its end, without a turn for anybody else. */
export const atOnce = <T>(computation: Generator<undefined, T>): T => {
  let step = computation.next();
  while (step.done !== true) step = computation.next();
  return step.value;
};
