/** What a fault did to the work: asked of the API, of the engine's rows, and of the witness, independently of each other. */
import { taskIdOf, type DagId } from '../../src/core/ids';
import { clientOf } from '../harness/stacks';
import { flawless, prove, type Ran } from '../harness/proof';
import type { Fault, Hit } from './faults/fault';
import { expectedValues } from './load';
import type { World } from './world';

/** One line of the result. */
export interface Verdict {
  readonly fault: string;
  /** Tasks whose handlers ran when the fault came. */
  readonly inFlight: number;
  readonly recoveryMsP50: number;
  readonly recoveryMsMax: number;
  /** DAGs that got their 201 and aren't final, or whose tasks or counters aren't what was submitted. */
  readonly lost: number;
  /** Tasks with two calls at once in processes that weren't suspended, or with fences out of order. */
  readonly overlapped: number;
  /** Tasks with another result, fence or number of attempts than one clean run leaves. */
  readonly wrong: number;
}

export interface Judged {
  readonly verdict: Verdict;
  /** What is wrong, in words. */
  readonly complaints: readonly string[];
  /** DAGs whose work was looked at. */
  readonly dags: number;
}

const at = (sorted: readonly number[], share: number): number =>
  Math.round(sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? 0);

interface Row {
  readonly dag_id: string;
  readonly index: number;
  readonly name: string;
  readonly status: string;
  readonly attempt: number;
  readonly fence: string | null;
  readonly result: string | null;
}

const ROWS = 'SELECT dag_id, index, name, status, attempt, fence::text, result FROM tasks WHERE dag_id = ANY($1::uuid[])';

/** Each task's row against the witness: the value, and the fence under which it was written. */
const wrongTasks = async ({ sql, witness }: World, ran: readonly Ran[]): Promise<string[]> => {
  const ids = ran.map(({ dagId }) => dagId);
  const [rows, effects] = await Promise.all([sql<Row & Record<string, unknown>>(ROWS, [ids]), witness.effects(ids)]);
  const values = new Map(ran.map(({ dagId, submission }) => [dagId, expectedValues(submission)]));
  return rows.flatMap((row) => {
    const effect = effects.get(taskIdOf(row.dag_id as DagId, row.index));
    const value = values.get(row.dag_id)?.get(row.name);
    const stored: unknown = JSON.parse(row.result ?? 'null');
    const isRight =
      row.status === 'COMPLETED' &&
      row.attempt === 1 &&
      effect?.value === value &&
      effect?.fence === row.fence &&
      JSON.stringify(stored) === JSON.stringify({ value });
    return isRight ? [] : [`${row.dag_id} ${row.name}: ${JSON.stringify({ row, effect, value })}`];
  });
};

/** DAGs that aren't as they were submitted, by the API and by the rows. */
const lostDags = async (world: World, ran: readonly Ran[]): Promise<string[]> => {
  const stack = { api: clientOf(world.schedulers[0]!.url()), sql: world.sql };
  const proof = await prove(stack, ran);
  const whole = flawless(ran.map(({ submission }) => submission));
  return JSON.stringify(proof) === JSON.stringify(whole) ? [] : [...proof.complaints, `${JSON.stringify(proof)}, not ${JSON.stringify(whole)}`];
};

/** What the doctor finds, of each check the examples that it gives and what it couldn't know. */
export const findings = async (world: World): Promise<string[]> => {
  const { checks } = await clientOf(world.schedulers[0]!.url()).doctor();
  return checks.flatMap(({ check, examples, unknown }) =>
    [...examples, ...(unknown === null ? [] : [unknown])].map((words) => `doctor, ${check}: ${words}`),
  );
};

const SETTLE_MS = 90_000;

/** Causes the fault, waits until everything that was open is final, and looks at all of it. */
export const judge = async (world: World, fault: Fault): Promise<Judged & { readonly hit: Hit }> => {
  const { witness, load } = world;
  const overlapsBefore = (await witness.overlaps()).length;
  const inFlight = (await witness.inFlight()).length;
  const hit = await fault.cause(world);
  const unfinished = await load.settle(SETTLE_MS);
  const recovery = (await witness.nextCalls(hit.of, hit.ids, hit.since)).sort((a, b) => a - b);
  const ran = load.take();
  const [lost, wrong] = await Promise.all([lostDags(world, ran), wrongTasks(world, ran)]);
  const overlaps = (await witness.overlaps()).slice(overlapsBefore);
  return {
    hit,
    dags: ran.length,
    complaints: [...unfinished.map((dag) => `${dag} is not final`), ...lost, ...wrong, ...overlaps.map((row) => JSON.stringify(row))].slice(0, 20),
    verdict: {
      fault: fault.name,
      inFlight: hit.of === 'task' ? hit.ids.length : inFlight,
      recoveryMsP50: at(recovery, 0.5),
      recoveryMsMax: at(recovery, 1),
      lost: unfinished.length + lost.length,
      overlapped: overlaps.length,
      wrong: wrong.length,
    },
  };
};
