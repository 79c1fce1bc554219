/** A change of a running DAG's graph: tasks that haven't begun are added, replaced or removed, all of it or nothing. */
import { approvalHold, requiresApproval } from './approval';
import { carryOn } from './carryOn';
import type { GraphEdit } from './command';
import { isFinalDag, type PlannedTask, type TaskStatus } from './dag';
import { ENDS_EARLY, nameOf, type Answer, type Asked } from './order';
import { isHopeless, newTally, recount } from './rules';
import { childrenOf, createShared, isEnding, setDueTime, specOf, taskCount, type Run, type TaskSpec } from './run';
import { tryReady } from './settle';
import { CODE, statusOf } from './states';
import { touch, touchDag, type Step } from './step';
import { takeAway } from './withdrawals';

const DAG_IS_ANOTHER = 'the DAG was changed meanwhile: look at it again and plan the change anew';

/** What may be with a worker is changed only once it is held: then nobody has it. */
export const wayToChange = (status: TaskStatus): string => (status === 'QUEUED' || status === 'RETRYING' ? '; hold it first' : '');

/** Why a task can't be replaced or removed. */
const whyUntouchable = (run: Run, task: number): string | undefined => {
  if (task >= taskCount(run)) return DAG_IS_ANOTHER;
  const status = statusOf(run.state[task]!);
  if (status === 'PENDING') return undefined;
  return `task ${nameOf(run, task)} is ${status}: only what waits for its dependencies, or is held, can be changed${wayToChange(status)}`;
};

const specsAfter = (run: Run, { added, replaced }: GraphEdit): TaskSpec[] => {
  const shared = createShared();
  const specs = [...run.specs, ...added.map((task) => specOf(task, shared))];
  for (const { task, as } of replaced) specs[task] = specOf(as, shared);
  return specs;
};

/** Why the graph as it would be isn't one that can run. */
const whyBroken = (run: Run, specs: readonly TaskSpec[], { removed, replaced, added }: GraphEdit): string | undefined => {
  const gone = new Set(removed);
  const isGone = (parent: number): boolean =>
    gone.has(parent) || (parent < taskCount(run) && run.state[parent] === CODE.CANCELLED && run.reasons.get(parent)?.code === 'REMOVED');
  const changed = new Set([...replaced.map(({ task }) => task), ...added.map((_, i) => taskCount(run) + i)]);
  for (let task = 0; task < specs.length; task++) {
    if (gone.has(task)) continue;
    for (const parent of specs[task]!.dependencies) {
      if (parent >= specs.length || parent === task) return DAG_IS_ANOTHER;
      if (changed.has(task) ? isGone(parent) : gone.has(parent))
        return `task ${JSON.stringify(specs[task]!.name)} depends on ${nameOf(run, parent)}, which is removed: replace or remove it too`;
    }
  }
  return undefined;
};

const whyRefused = (run: Run, edit: GraphEdit): string | undefined => {
  if (isFinalDag(run.status)) return `the DAG is ${run.status}: submit a new one`;
  if (isEnding(run)) return ENDS_EARLY;
  if (edit.version !== run.version) return DAG_IS_ANOTHER;
  const touched = [...edit.replaced.map(({ task }) => task), ...edit.removed];
  if (new Set(touched).size < touched.length) return 'a task is to be replaced or removed twice: say it once';
  for (const task of touched) {
    const why = whyUntouchable(run, task);
    if (why !== undefined) return why;
  }
  return undefined;
};

const widened = <T extends Uint8Array | Uint16Array | Float64Array>(before: T, after: T): T => {
  after.set(before);
  return after;
};

/** Gives the run its new graph; what there was keeps its place. */
const regraph = (run: Run, specs: readonly TaskSpec[]): void => {
  const size = specs.length;
  Object.assign(run, childrenOf(specs));
  run.specs = specs;
  run.state = widened(run.state, new Uint8Array(size));
  run.dispatch = widened(run.dispatch, new Uint16Array(size).fill(1));
  run.failures = widened(run.failures, new Uint16Array(size));
  run.losses = widened(run.losses, new Uint8Array(size));
  run.since = widened(run.since, new Float64Array(size));
  run.unblockedAt = widened(run.unblockedAt, new Float64Array(size));
  run.unmet = new Uint32Array(size);
  run.tally = newTally(specs);
  recount(run);
};

/**
 * What another definition had come to is of no use to the new one. It may even be out: it was sent before the commit that made it ready,
 * and that commit failed. Under the next number what it brings is refused.
 */
const anew = (step: Step, run: Run, task: number): void => {
  const { texts } = touch(step, run, task);
  if (run.withCheckpoint.delete(task)) texts.checkpoint = null;
  run.dispatch[task]! += 1;
};

/** By its new definition a task is to be approved, also where it was held by hand, or it isn't any more. */
const requireApproval = (step: Step, run: Run, task: number, now: number): void => {
  if (requiresApproval(run.specs[task]!)) run.reasons.set(task, approvalHold('REQUIRED', now));
  else if (run.reasons.get(task)?.approval === undefined) return;
  else run.reasons.delete(task);
  setDueTime(run, task);
  touch(step, run, task);
};

/** Applies a planned change, unless the DAG is another than the one it was planned for. */
export const applyEdit = (step: Step, run: Run, edit: GraphEdit, { origin, moment }: Asked): Answer => {
  const refused = whyRefused(run, edit);
  if (refused !== undefined) return refused;
  const specs = specsAfter(run, edit);
  const broken = whyBroken(run, specs, edit);
  if (broken !== undefined) return broken;
  const affected = edit.added.length + edit.replaced.length + edit.removed.length;
  if (affected === 0) return 0;
  const firstAdded = taskCount(run);
  run.version += 1;
  regraph(run, specs);
  step.edits.push({ dag: run.dag, shard: run.shard, version: run.version, firstAdded, edit });
  touchDag(step, run);
  for (const { task } of edit.replaced) anew(step, run, task);
  const changed = [...edit.replaced.map(({ task }) => task), ...edit.added.map((_: PlannedTask, i) => firstAdded + i)];
  for (const task of changed) requireApproval(step, run, task, moment.now);
  for (const task of edit.removed) takeAway(step, run, task, { reason: { ...origin, code: 'REMOVED' }, now: moment.now });
  for (const task of changed) {
    if (isHopeless(run, task)) run.cascade.add(task);
    else tryReady(step, run, task, moment.now);
  }
  carryOn(step, run, moment);
  return affected;
};
