/**
 * How long it takes at least from a task's start to the end of its DAG, by what its tasks are expected to take: its own time and the
 * largest rank among what depends on it. Whoever takes ready tasks by it takes the critical path first (H. Topcuoglu, S. Hariri, M.-Y. Wu:
 * HEFT, 2002).
 */
import type { Run } from './run';
import type { Expectation } from './runTimes';

export type Graph = Pick<Run, 'specs' | 'childStart' | 'children'>;

/** All tasks, each behind everything that depends on it. */
const lastFirst = ({ specs, childStart }: Graph): Uint32Array => {
  const left = new Uint32Array(specs.length);
  const order = new Uint32Array(specs.length);
  let ordered = 0;
  for (let task = 0; task < specs.length; task++) {
    left[task] = childStart[task + 1]! - childStart[task]!;
    if (left[task] === 0) order[ordered++] = task;
  }
  for (let at = 0; at < ordered; at++) for (const parent of specs[order[at]!]!.dependencies) if (--left[parent]! === 0) order[ordered++] = parent;
  return order;
};

/** Whether each task stands behind its dependencies, as most DAGs are written: the way back is an order then, and memory is read in a row. */
const isInOrder = ({ specs, childStart, children }: Graph): boolean => {
  for (let task = 0; task < specs.length; task++)
    for (let edge = childStart[task]!; edge < childStart[task + 1]!; edge++) if (children[edge]! <= task) return false;
  return true;
};

/** The longest path from each task on, its own time included: some visits of each task and each edge. */
export const longestPaths = (graph: Graph, ownMs: (task: number) => number): Float64Array => {
  const { specs, childStart, children } = graph;
  const size = specs.length;
  const order = isInOrder(graph) ? undefined : lastFirst(graph);
  const paths = new Float64Array(size);
  for (let at = 0; at < size; at++) {
    const task = order === undefined ? size - 1 - at : order[at]!;
    let longest = 0;
    for (let edge = childStart[task]!; edge < childStart[task + 1]!; edge++) {
      const behind = paths[children[edge]!]!;
      if (behind > longest) longest = behind;
    }
    paths[task] = ownMs(task) + longest;
  }
  return paths;
};

/** Where nothing is known of a task nor of its type. */
const UNKNOWN_MS = 1000;
/** Sending, claiming and reporting take a moment, too: of two paths as long, the one of more tasks goes first. */
const SHORTEST_MS = 1;

export const upwardRank = (graph: Graph, expected: Expectation): Float64Array =>
  longestPaths(graph, (task) => {
    const ms = expected(graph.specs[task]!) ?? UNKNOWN_MS;
    return ms > SHORTEST_MS ? ms : SHORTEST_MS;
  });
