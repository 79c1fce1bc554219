/** The thread that reads large bodies. Its answers come in portions, each asked for: taking in 100,000 tasks at once would hold the loop that asked. */
import { isMainThread, parentPort, workerData } from 'node:worker_threads';
import type { PlannedDag, PlannedTask } from '../core/dag';
import type { DagIdentity, PlanSettings } from '../plan/plan';
import { createReader, type Refused } from './reader';

export type Question = { readonly kind: 'read'; readonly body: Uint8Array; readonly identity: DagIdentity } | { readonly kind: 'more' };

export interface Portion {
  readonly kind: 'portion';
  readonly head: Omit<PlannedDag, 'tasks'>;
  readonly tasks: readonly PlannedTask[];
  /** Whether the DAG is complete with it. */
  readonly last: boolean;
}

export type Answer = Portion | Refused;

/** About 5 ms of work for whoever takes it in. */
const PORTION_WEIGHT = 2_000;
const weightOf = ({ dependencies, payload }: PlannedTask): number => 1 + dependencies.length / 20 + (payload?.length ?? 0) / 500;

/** A DAG in portions. */
export function* portionsOf({ tasks, ...head }: PlannedDag): Generator<Portion, undefined> {
  let from = 0;
  let weight = 0;
  for (let i = 0; i < tasks.length; i++) {
    weight += weightOf(tasks[i]!);
    const last = i === tasks.length - 1;
    if (weight < PORTION_WEIGHT && !last) continue;
    yield { kind: 'portion', head, tasks: tasks.slice(from, i + 1), last };
    from = i + 1;
    weight = 0;
  }
}

const answerQuestions = (settings: PlanSettings): void => {
  const read = createReader(settings);
  let portions: Generator<Portion, undefined> | undefined;
  const first = (question: Extract<Question, { kind: 'read' }>): Answer | undefined => {
    const reading = read(question.body, () => question.identity);
    if (reading.kind === 'refused') return reading;
    portions = portionsOf(reading.dag);
    return portions.next().value;
  };
  parentPort?.on('message', (question: Question) => {
    parentPort?.postMessage(question.kind === 'read' ? first(question) : portions?.next().value);
  });
};

if (!isMainThread) answerQuestions(workerData as PlanSettings);
