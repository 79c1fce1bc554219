/** What a worker fetches before it runs a task whose inputs were too large to travel. */
import { taskIdOf, type TaskRef } from '../core/ids';
import { refusal } from '../core/refusal';
import type { WorkIndex } from '../ports/store';

const FENCE = /^\d{1,19}$/;

/**
 * JSON text of {payload, upstream, checkpoint}; each of these is JSON text itself, as in a dispatch. `fence` says which
 * grant asks, so that the log of requests tells; the claim was checked where it was granted.
 */
export const inputsJson = async (work: Pick<WorkIndex, 'inputs'>, ref: TaskRef, fence: unknown): Promise<string> => {
  if (typeof fence !== 'string' || !FENCE.test(fence))
    throw refusal('WRONG_PARAMETER', 'fence: must be the decimal number that came with the claim', {
      problems: [{ path: 'fence', message: 'must be a decimal number' }],
    });
  const taskId = taskIdOf(ref.dag, ref.task);
  const inputs = (await work.inputs([ref], Infinity)).get(taskId);
  if (!inputs) throw refusal('TASK_NOT_FOUND', `no task ${taskId}`);
  const { payload, upstream, checkpoint } = inputs;
  return JSON.stringify({ payload, upstream, checkpoint });
};
