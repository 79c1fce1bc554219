/** The rows of the timeline: a task each, or what each worker ran, in as few rows as don't overlap. */
import type { Segment } from './segments';

export interface Bar extends Segment {
  /** The task's place. */
  readonly task: number;
}

export interface Lane {
  readonly label: string;
  readonly bars: readonly Bar[];
  /** Of a lane that follows another of the same worker. */
  readonly continued: boolean;
}

export const lanesByTask = (names: readonly string[], segments: readonly (readonly Segment[])[]): readonly Lane[] =>
  names
    .map((label, task) => ({ label, continued: false, bars: (segments[task] ?? []).map((segment) => ({ ...segment, task })) }))
    .map((lane, task) => ({ lane, task, begin: beginOf(lane.bars) }))
    .sort((a, b) => a.begin - b.begin || a.task - b.task)
    .map(({ lane }) => lane);

/** When a task's own time begins: being blocked is not yet its. */
const beginOf = (bars: readonly Bar[]): number =>
  (bars.find(({ stage }) => stage !== 'blocked' && stage !== 'earlier') ?? bars.at(-1))?.from ?? Infinity;

/** Packs bars into rows: each into the first row that is free again. */
const rowsOf = (bars: readonly Bar[]): Bar[][] => {
  const rows: Bar[][] = [];
  for (const bar of [...bars].sort((a, b) => a.from - b.from)) {
    const row = rows.find((each) => each.at(-1)!.to <= bar.from);
    if (row === undefined) rows.push([bar]);
    else row.push(bar);
  }
  return rows;
};

export const lanesByWorker = (segments: readonly (readonly Segment[])[]): readonly Lane[] => {
  const ofWorker = new Map<string, Bar[]>();
  segments.forEach((each, task) => {
    for (const segment of each) {
      if (segment.stage !== 'running') continue;
      const worker = segment.workerId ?? 'unknown worker';
      const bars = ofWorker.get(worker);
      if (bars === undefined) ofWorker.set(worker, [{ ...segment, task }]);
      else bars.push({ ...segment, task });
    }
  });
  return [...ofWorker]
    .sort(([a], [b]) => a.localeCompare(b, undefined, { numeric: true }))
    .flatMap(([label, bars]) => rowsOf(bars).map((row, i) => ({ label, continued: i > 0, bars: row })));
};

/** Round distances for an axis of this length, in milliseconds. */
const STEPS = [1, 2, 5, 10, 20, 50, 100, 200, 500, 1e3, 2e3, 5e3, 1e4, 15e3, 3e4, 6e4, 12e4, 3e5, 6e5, 9e5, 18e5, 36e5, 72e5, 216e5, 432e5, 864e5];

export const ticksOf = (from: number, to: number, most: number): readonly number[] => {
  const least = (to - from) / most;
  const step = STEPS.find((each) => each >= least) ?? 864e5 * Math.ceil(least / 864e5);
  const ticks: number[] = [];
  for (let at = 0; at <= to - from; at += step) ticks.push(at);
  return ticks;
};
