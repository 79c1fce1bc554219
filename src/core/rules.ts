/**
 * When a task may start: its trigger rule over the states of its dependencies. Counters answer it without a walk; those
 * beside `unmet` exist only in DAGs where a task has another rule than all_success.
 */
import { approvalHold, requiresApproval } from './approval';
import { TRIGGER_RULES, type TaskOptions, type TaskReason } from './dag';
import { CODE } from './states';

/** Counters for DAGs with several trigger rules. */
export interface Tally {
  /** Index into TRIGGER_RULES. */
  readonly rule: Uint8Array;
  /** Dependencies that aren't final. */
  readonly open: Uint32Array;
  /** Dependencies that FAILED, were CANCELLED, or were SKIPPED because of something before them. */
  readonly bad: Uint32Array;
}

/** What the rules look at; a Run is one. */
export interface Standing {
  readonly specs: readonly { readonly dependencies: readonly number[]; readonly options: TaskOptions | null }[];
  /** Codes of core/states.ts. */
  readonly state: Uint8Array;
  /** Dependencies that aren't COMPLETED. */
  readonly unmet: Uint32Array;
  readonly tally: Tally | null;
  readonly reasons: ReadonlyMap<number, TaskReason>;
}

const ruleIndex = (options: TaskOptions | null): number => TRIGGER_RULES.indexOf(options?.triggerRule ?? 'all_success');

export const isFinalCode = (code: number): boolean =>
  code === CODE.COMPLETED || code === CODE.FAILED || code === CODE.SKIPPED || code === CODE.CANCELLED;

/** Whether a final task counts as a failure to those that ask for none: skipped by hand it doesn't. */
export const isBad = ({ state, reasons }: Pick<Standing, 'state' | 'reasons'>, task: number): boolean => {
  const code = state[task];
  if (code === CODE.SKIPPED) return reasons.get(task)?.code !== 'SKIPPED_BY_HAND';
  return code === CODE.FAILED || code === CODE.CANCELLED;
};

const waitsForNothing = ({ dependencies, options }: Standing['specs'][number]): boolean =>
  dependencies.length === 0 || options?.triggerRule === 'always';

/** Whether a task is ready as its DAG is stored. */
export const startsAtOnce = (spec: Standing['specs'][number]): boolean => waitsForNothing(spec) && !requiresApproval(spec);

/** The reason that a task has as its DAG is stored. */
export const firstReason = (spec: Standing['specs'][number], createdAt: number): TaskReason | null =>
  requiresApproval(spec) ? approvalHold(waitsForNothing(spec) ? 'AWAITED' : 'REQUIRED', createdAt) : null;

/** The counters of a DAG none of whose tasks is final. */
export const newTally = (specs: Standing['specs']): Tally | null => {
  if (!specs.some(({ options }) => options !== null && ruleIndex(options) !== 0)) return null;
  return {
    rule: Uint8Array.from(specs, ({ options }) => ruleIndex(options)),
    open: Uint32Array.from(specs, ({ dependencies }) => dependencies.length),
    bad: new Uint32Array(specs.length),
  };
};

/** Counts anew from the states: after a restart, a rerun or a change of the graph. */
export const recount = (standing: Standing): void => {
  const { specs, state, unmet, tally } = standing;
  for (let task = 0; task < specs.length; task++) {
    let [incomplete, open, bad] = [0, 0, 0];
    for (const parent of specs[task]!.dependencies) {
      if (state[parent] !== CODE.COMPLETED) incomplete += 1;
      if (tally === null) continue;
      if (!isFinalCode(state[parent]!)) open += 1;
      else if (isBad(standing, parent)) bad += 1;
    }
    unmet[task] = incomplete;
    if (tally === null) continue;
    tally.open[task] = open;
    tally.bad[task] = bad;
  }
};

/** Whether the dependencies of a task are as its rule asks. */
export const isMet = ({ specs, unmet, tally }: Standing, task: number): boolean => {
  if (tally === null) return unmet[task] === 0;
  switch (TRIGGER_RULES[tally.rule[task]!]!) {
    case 'all_success':
      return unmet[task] === 0;
    case 'all_done':
      return tally.open[task] === 0;
    case 'one_success': {
      const all = specs[task]!.dependencies.length;
      return all === 0 || unmet[task]! < all;
    }
    case 'none_failed':
      return tally.open[task] === 0 && tally.bad[task] === 0;
    case 'always':
      return true;
  }
};

const isLostParent = (state: number): boolean => state !== CODE.COMPLETED && isFinalCode(state);

/** The dependency because of which a task's rule can't be met any more; undefined where it can. `reopened` count as not final. */
export const obstacleOf = (standing: Standing, task: number, reopened?: ReadonlySet<number>): number | undefined => {
  const { specs, state, tally } = standing;
  const { dependencies } = specs[task]!;
  const isOpen = (parent: number): boolean => reopened?.has(parent) === true || !isFinalCode(state[parent]!);
  switch (tally === null ? 'all_success' : TRIGGER_RULES[tally.rule[task]!]!) {
    case 'all_success':
      return dependencies.find((parent) => !isOpen(parent) && isLostParent(state[parent]!));
    case 'one_success':
      return dependencies.some((parent) => isOpen(parent) || state[parent] === CODE.COMPLETED) ? undefined : dependencies[0];
    case 'none_failed':
      return dependencies.find((parent) => !isOpen(parent) && isBad(standing, parent));
    case 'all_done':
    case 'always':
      return undefined;
  }
};

/** Whether a task's rule can't be met any more. */
export const isHopeless = (standing: Standing, task: number): boolean => {
  const { specs, unmet, tally } = standing;
  if (tally !== null && tally.open[task]! > 0) {
    const rule = TRIGGER_RULES[tally.rule[task]!]!;
    // The common answer of wide joins, without a walk over their dependencies.
    if (rule === 'one_success' || rule === 'all_done' || rule === 'always') return false;
    if (rule === 'none_failed') return tally.bad[task]! > 0;
  }
  return unmet[task]! > 0 && specs[task]!.dependencies.length > 0 && obstacleOf(standing, task) !== undefined;
};
