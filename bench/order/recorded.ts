/** The recorded workflows of test/fixtures, as they are submitted and as the simulation takes them. */
import { readFileSync } from 'node:fs';
import { gunzipSync } from 'node:zlib';

interface Recorded {
  readonly source: string;
  readonly tasks: readonly (readonly [name: string, parents: readonly string[], seconds: number])[];
}

export interface Timed {
  readonly name: string;
  readonly tasks: readonly { readonly name: string; readonly parents: readonly number[]; readonly ms: number }[];
}

export const RECORDED_TASKS = 64_321;

/** From the folder of the project, where everything here is begun. */
const FILE = 'test/fixtures/workflows/wfinstances-slim.ndjson.gz';

/** All of them or the first `most`, what took a second taking `scale` seconds, in whole milliseconds. */
export const recorded = (scale: number, most = Infinity): readonly Timed[] => {
  const lines = gunzipSync(readFileSync(FILE)).toString('utf8').trim().split('\n');
  return lines.slice(0, most).map((line) => {
    const { source, tasks } = JSON.parse(line) as Recorded;
    const at = new Map(tasks.map(([name], i) => [name, i]));
    return {
      name: source,
      tasks: tasks.map(([name, parents, seconds]) => ({
        name,
        parents: [...new Set(parents)].map((parent) => at.get(parent)!),
        ms: Math.round(Math.max(0, seconds) * 1000 * scale),
      })),
    };
  });
};

/** JSON text of a submission. */
export const bodyOf = ({ name, tasks }: Timed, order: 'fifo' | 'critical-path'): string =>
  JSON.stringify({
    dagName: name,
    // One tenant: tasks of different workflows compete by the order alone.
    tenant: 'recorded',
    order,
    simulate: { durationMs: 0, failureRate: 0 },
    tasks: tasks.map((task) => ({
      taskName: task.name,
      type: 'DATA_PROCESSING',
      dependencies: task.parents.map((parent) => tasks[parent]!.name),
      ...(task.ms === 0 ? {} : { simulate: { durationMs: task.ms } }),
    })),
  });
