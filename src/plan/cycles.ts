/** Cycles of a graph given by each node's dependencies: in linear time and without recursion, at a million edges too. */

type Graph = readonly (readonly number[])[];

/** Which nodes can never start, because they are on a cycle or behind one: all others are taken away in topological order (Kahn). */
const stuckNodes = (dependencies: Graph): Uint8Array => {
  const n = dependencies.length;
  const start = new Uint32Array(n + 1);
  for (const parents of dependencies) for (const parent of parents) start[parent + 1]! += 1;
  for (let i = 0; i < n; i++) start[i + 1]! += start[i]!;
  const children = new Uint32Array(start[n]!);
  const next = start.slice();
  const unmet = new Uint32Array(n);
  const stuck = new Uint8Array(n).fill(1);
  const free = new Uint32Array(n);
  let end = 0;
  dependencies.forEach((parents, node) => {
    for (const parent of parents) children[next[parent]!++] = node;
    unmet[node] = parents.length;
    if (parents.length === 0) free[end++] = node;
  });
  for (let i = 0; i < end; i++) {
    const node = free[i]!;
    stuck[node] = 0;
    for (let c = start[node]!; c < start[node + 1]!; c++) if (--unmet[children[c]!]! === 0) free[end++] = children[c]!;
  }
  return stuck;
};

/** Rotates a cycle so that it starts at its smallest node: the same cycle always reads the same. */
const fromSmallest = (cycle: readonly number[]): number[] => {
  let at = 0;
  cycle.forEach((node, i) => {
    if (node < cycle[at]!) at = i;
  });
  return [...cycle.slice(at), ...cycle.slice(0, at)];
};

/**
 * Up to `limit` disjoint cycles, each in the order in which its tasks would run (a node comes after the one that it
 * depends on); empty where there is none. Each stuck node has a stuck dependency, so that walking from dependency to
 * dependency must come around.
 */
export const findCycles = (dependencies: Graph, limit: number): number[][] => {
  const stuck = stuckNodes(dependencies);
  const walkOf = new Uint32Array(dependencies.length);
  const cycles: number[][] = [];
  for (let first = 0; first < dependencies.length && cycles.length < limit; first++) {
    if (stuck[first] === 0 || walkOf[first] !== 0) continue;
    const path: number[] = [];
    let node: number | undefined = first;
    while (node !== undefined && walkOf[node] === 0) {
      walkOf[node] = first + 1;
      path.push(node);
      node = dependencies[node]!.find((parent) => stuck[parent] === 1);
    }
    // A walk that ends on an earlier walk found that one's cycle again.
    if (node !== undefined && walkOf[node] === first + 1) cycles.push(fromSmallest(path.slice(path.indexOf(node)).reverse()));
  }
  return cycles;
};
