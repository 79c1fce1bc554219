/** What a task is handed besides its name: payload, results of its dependencies, checkpoint. Read only where there is any. */
import type { Dispatch } from '../core/event';
import { taskIdOf, type TaskRef } from '../core/ids';
import { hasUpstream, type Run } from '../core/run';
import type { TaskInputs, WorkIndex } from '../ports/store';

const NONE: TaskInputs = { payload: null, checkpoint: null, upstream: {} };

const needsInputs = (run: Run, task: number): boolean => {
  return run.specs[task]!.hasPayload || run.withCheckpoint.has(task) || hasUpstream(run, task);
};

const sizeOf = ({ payload, checkpoint, upstream }: TaskInputs): number => {
  let size = (payload?.length ?? 0) + (checkpoint?.length ?? 0);
  for (const name in upstream) size += name.length + upstream[name]!.length;
  return size;
};

/** The inputs of those tasks that have any, by task id, in one query for all. */
export const readInputs = async (work: Pick<WorkIndex, 'inputs'>, tasks: readonly { run: Run; task: number }[]): Promise<Map<string, TaskInputs>> => {
  const wanted: TaskRef[] = [];
  for (const { run, task } of tasks) if (needsInputs(run, task)) wanted.push({ dag: run.dag, task });
  return wanted.length === 0 ? new Map<string, TaskInputs>() : work.inputs(wanted);
};

/** Whether a dispatch can be made up without asking the store. */
export const hasNoInputs = (run: Run, task: number): boolean => !needsInputs(run, task);

/** The dispatch of a task, ready to travel. `inlineLimit` is infinite where dispatches stay within the process. */
export const dispatchOf = (run: Run, task: number, inputs: TaskInputs | undefined, inlineLimit: number): Dispatch => {
  const { name, type, priority, tags, timeoutSeconds, simulate, options } = run.specs[task]!;
  const deaths = run.budgets.get(task)?.deaths ?? 0;
  const fits = inputs === undefined || sizeOf(inputs) <= inlineLimit;
  const { payload, upstream, checkpoint } = fits ? (inputs ?? NONE) : NONE;
  return {
    dag: run.dag,
    task,
    dispatch: run.dispatch[task]!,
    attempt: run.failures[task]! + 1,
    name,
    type,
    priority,
    tags,
    timeoutSeconds,
    progressTimeoutSeconds: options?.progressTimeoutSeconds ?? null,
    suspect: run.losses[task]! > 0 || deaths > 0,
    deaths,
    simulate,
    inputs: fits ? 'inline' : 'fetch',
    payload,
    upstream,
    checkpoint,
  };
};

/** The key under which `readInputs` answers. */
export const inputsKey = (run: Run, task: number): string => taskIdOf(run.dag, task);
