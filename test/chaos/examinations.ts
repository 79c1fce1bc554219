/**
 * The doctor is asked after each fault. It looks twice, 5 s apart, and what only its second look sees doesn't count: so the next
 * fault may begin meanwhile, unless that takes away what the doctor needs.
 */
import { findings } from './judge';
import type { World } from './world';

export interface Examinations {
  /** Asks the doctor, now that `fault` is over. */
  begin(fault: string): void;
  /** What the examination that was begun last has found; nothing before the first. */
  found(): Promise<readonly string[]>;
}

export const createExaminations = (world: World): Examinations => {
  let last: Promise<readonly string[]> = Promise.resolve([]);
  return {
    begin: (fault) => {
      last = findings(world).then(
        (found) => found.map((words) => `after "${fault}": ${words}`),
        (error: unknown) => [`after "${fault}" the doctor gave no answer: ${String(error)}`],
      );
    },
    found: () => last,
  };
};
