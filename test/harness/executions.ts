/** The history of what handlers did, as the workers told it to the log: independent of what was made of it. */
import type { Event } from '../../src/core/event';
import { readTopic } from './messages';

/** One call of a handler that came to its end. */
export interface Execution {
  readonly dag: string;
  readonly task: number;
  readonly fence: bigint;
  readonly worker: string;
  readonly startedAt: number;
  readonly endedAt: number;
  readonly type: 'completed' | 'failed';
}

/** Every event in the log. */
export const readEvents = async (topic: string): Promise<Event[]> =>
  (await readTopic(topic)).flatMap(({ value }) => (JSON.parse(value) as { readonly events: readonly Event[] }).events);

/** Every ended execution in the log, each grant once, oldest grant first. */
export const readExecutions = async (topic: string): Promise<Execution[]> => {
  const byGrant = new Map<string, Execution>();
  for (const event of await readEvents(topic)) {
    if (event.type !== 'completed' && event.type !== 'failed') continue;
    const { dag, task, fence, worker, startedAt, endedAt, type } = event;
    byGrant.set(`${dag}/${task}/${fence}`, { dag, task, fence: BigInt(fence), worker, startedAt, endedAt, type });
  }
  return [...byGrant.values()].sort((a, b) => (a.fence < b.fence ? -1 : 1));
};

/** Executions of one task that overlapped: there must be none. */
export const overlapping = (executions: readonly Execution[]): Execution[] => {
  const last = new Map<string, Execution>();
  const wrong: Execution[] = [];
  for (const execution of executions) {
    const key = `${execution.dag}/${execution.task}`;
    if (execution.startedAt < (last.get(key)?.endedAt ?? -Infinity)) wrong.push(execution);
    last.set(key, execution);
  }
  return wrong;
};
