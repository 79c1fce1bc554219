/** Collects what is wrong with a submission: all of it, up to what a person can use. */
import type { Problem } from '../core/refusal';

/** Beyond this many, problems are only counted. */
export const PROBLEMS_SHOWN = 100;

export interface Problems {
  add(path: string, message: string): void;
  /** A limit that is exceeded: the DAG is too large, which is another answer than a wrong one. */
  tooLarge(path: string, message: string): void;
  readonly count: number;
  /** False once further problems would only be counted: a reason to save the work of finding good words for them. */
  readonly wanted: boolean;
  /** The problems found, and whether all of them are exceeded limits. */
  end(): { problems: Problem[]; onlySize: boolean };
}

export const createProblems = (): Problems => {
  const shown: Problem[] = [];
  let count = 0;
  let wrong = 0;
  const add = (path: string, message: string): void => {
    count += 1;
    if (shown.length < PROBLEMS_SHOWN) shown.push({ path, message });
  };
  return {
    add: (path, message) => {
      wrong += 1;
      add(path, message);
    },
    tooLarge: add,
    get count() {
      return count;
    },
    get wanted() {
      return shown.length < PROBLEMS_SHOWN;
    },
    end: () => {
      const more = count - shown.length;
      return { problems: more === 0 ? shown : [...shown, { path: '', message: `and ${more} more problems` }], onlySize: wrong === 0 };
    },
  };
};
