/** Finds what a command is about: an id names a DAG or a task, and --task names a task of the DAG. */
import { type Client, isApiError } from '../sdk';
import { apiError } from '../sdk/errors';
import { usageError } from './exitCodes';

/** The id of the task that is called `name` in this DAG, or has that id. */
export const taskIdIn = async (client: Client, dagId: string, name: string): Promise<string> => {
  const tasks = await client.tasks(dagId);
  const found = tasks.find(({ taskName, taskId }) => taskName === name || taskId === name);
  if (found === undefined) throw usageError(`the DAG ${dagId} has no task ${JSON.stringify(name)}`);
  return found.taskId;
};

const isMissing = (error: unknown): boolean => isApiError(error) && error.status === 404;

/** An id looks the same for both: the DAG is tried first. Where it is neither's, both are named. */
export const dagOrTask = async <T>(id: string, asDag: () => Promise<T>, asTask: () => Promise<T>): Promise<T> => {
  try {
    return await asDag();
  } catch (error) {
    if (!isMissing(error)) throw error;
  }
  try {
    return await asTask();
  } catch (error) {
    throw isMissing(error) ? apiError(404, { detail: `no DAG and no task ${id}` }) : error;
  }
};
