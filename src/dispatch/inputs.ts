/** What a task is handed besides its name: payload, results of its dependencies, checkpoint. Read only where there is any. */
import type { Dispatch } from '../core/event';
import { taskIdOf, type TaskRef } from '../core/ids';
import { hasUpstream, type Run } from '../core/run';
import type { TaskInputs, WorkIndex } from '../ports/store';

const NONE: TaskInputs = { payload: null, checkpoint: null, upstream: {} };

const needsInputs = (run: Run, task: number): boolean => {
  return run.specs[task]!.hasPayload || run.withCheckpoint.has(task) || hasUpstream(run, task);
};

/** By task id; null for those that are too large to travel with their dispatch. */
export type InputsRead = ReadonlyMap<string, TaskInputs | null>;

export interface InputsSource {
  readonly work: Pick<WorkIndex, 'inputs'>;
  /** Bytes of inputs that travel with a dispatch: what has more is fetched by whoever runs it. */
  readonly inlineLimit: number;
}

/** The inputs of those tasks that have any, in one query for all. */
export const readInputs = async ({ work, inlineLimit }: InputsSource, tasks: readonly { run: Run; task: number }[]): Promise<InputsRead> => {
  const wanted: TaskRef[] = [];
  for (const { run, task } of tasks) if (needsInputs(run, task)) wanted.push({ dag: run.dag, task });
  return wanted.length === 0 ? new Map() : work.inputs(wanted, inlineLimit);
};

/** Whether a dispatch can be made up without asking the store. */
export const hasNoInputs = (run: Run, task: number): boolean => !needsInputs(run, task);

/** The dispatch of a task, ready to travel, with what was read of its inputs. */
export const dispatchOf = (run: Run, task: number, inputs: TaskInputs | null | undefined): Dispatch => {
  const { name, type, priority, tags, timeoutSeconds, simulate, options } = run.specs[task]!;
  const deaths = run.budgets.get(task)?.deaths ?? 0;
  const { payload, upstream, checkpoint } = inputs ?? NONE;
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
    inputs: inputs === null ? 'fetch' : 'inline',
    payload,
    upstream,
    checkpoint,
  };
};

/** The key under which `readInputs` answers. */
export const inputsKey = (run: Run, task: number): string => taskIdOf(run.dag, task);
