/** Asks the scheduler that sent a dispatch for inputs that were too large to travel with it. */
import type { Dispatch } from '../core/event';
import { taskIdOf } from '../core/ids';
import { retrying } from '../lifecycle/retry';
import type { Clock } from '../ports/clock';
import type { TaskInputs } from '../ports/store';

const TIMEOUT_MS = 10_000;
const ATTEMPTS = 5;

/** Over HTTP, with a bounded retry; rejects when the scheduler can't be reached or refuses. */
export const createFetchInputs =
  (clock: Pick<Clock, 'after' | 'random'>) =>
  async (origin: string, { dag, task, copyOf }: Pick<Dispatch, 'dag' | 'task' | 'copyOf'>, fence: string): Promise<TaskInputs> =>
    retrying({ clock, attempts: ATTEMPTS, firstMs: 100, maxMs: 2000 }, async () => {
      const url = new URL(`/internal/v1/inputs/${taskIdOf(dag, copyOf ?? task)}`, origin);
      url.searchParams.set('fence', fence);
      const response = await fetch(url, { signal: AbortSignal.timeout(TIMEOUT_MS) });
      if (!response.ok) throw new Error(`${url.origin} answered ${String(response.status)} for the inputs of a task`);
      return (await response.json()) as TaskInputs;
    });
