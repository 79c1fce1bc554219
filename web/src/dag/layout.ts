/** Where the boxes stand, by dagre; runs in a worker, since it takes a tenth of a second for a hundred boxes and more beyond. */
import type * as Dagre from '@dagrejs/dagre' with { 'resolution-mode': 'import' };
import type { Box, Edge } from './condense';
import { tileGrid } from './tiles';

export interface Point {
  readonly x: number;
  readonly y: number;
}

/** The upper left corner, and the size. */
export interface Placed extends Point {
  readonly id: string;
  readonly width: number;
  readonly height: number;
}

export interface Routed {
  readonly from: string;
  readonly to: string;
  readonly count: number;
  readonly points: readonly Point[];
}

export interface Layout {
  readonly boxes: readonly Placed[];
  readonly edges: readonly Routed[];
  readonly width: number;
  readonly height: number;
}

export type Direction = 'LR' | 'TB';

export interface LayoutRequest {
  readonly boxes: readonly Pick<Box, 'id' | 'kind' | 'members'>[];
  readonly edges: readonly Edge[];
  readonly direction: Direction;
}

const TASK_SIZE = { width: 208, height: 48 };
const STACK_SIZE = { width: 216, height: 76 };

export const sizeOf = ({ kind, members }: Pick<Box, 'kind' | 'members'>): { width: number; height: number } => {
  if (kind === 'task') return TASK_SIZE;
  return kind === 'stack' ? STACK_SIZE : tileGrid(members.length);
};

/** Network simplex gives the shortest edges and takes its time: a second for 200 boxes, where tight trees take a fifth. */
const FEW_BOXES = 60;

/** From the middle of one box's side to the middle of the other's; of dagre's points only those that lead around boxes between. */
const docked = (points: readonly Point[], [from, to]: readonly [Placed, Placed], direction: Direction): Point[] => {
  const [begin, end] =
    direction === 'LR'
      ? [
          { x: from.x + from.width, y: from.y + from.height / 2 },
          { x: to.x, y: to.y + to.height / 2 },
        ]
      : [
          { x: from.x + from.width / 2, y: from.y + from.height },
          { x: to.x + to.width / 2, y: to.y },
        ];
  const isBetween = ({ x, y }: Point): boolean =>
    direction === 'LR' ? x > begin.x + BESIDE && x < end.x - BESIDE : y > begin.y + BESIDE && y < end.y - BESIDE;
  // The first and the last are where dagre cuts its line off; of an edge to the next rank the one between is half way.
  const around = points.length <= 3 ? [] : points.slice(1, -1).filter(isBetween);
  return [begin, ...around.map(({ x, y }) => ({ x, y })), end];
};

/** Points so close to a box would bend the line sharply. */
const BESIDE = 20;

/** `dagre` is handed in, for tests load it in a way of their own. */
export const layoutOf = (dagre: Pick<typeof Dagre, 'Graph' | 'layout'>, { boxes, edges, direction }: LayoutRequest): Layout => {
  const graph = new dagre.Graph();
  graph.setGraph({
    rankdir: direction,
    nodesep: direction === 'LR' ? 18 : 28,
    ranksep: direction === 'LR' ? 72 : 56,
    marginx: 24,
    marginy: 24,
    ranker: boxes.length <= FEW_BOXES ? 'network-simplex' : 'tight-tree',
  });
  graph.setDefaultEdgeLabel(() => ({}));
  // dagre writes the place into what it is given.
  for (const box of boxes) graph.setNode(box.id, { ...sizeOf(box) });
  for (const { from, to } of edges) graph.setEdge(from, to);
  dagre.layout(graph);
  const whole = graph.graph() as { width?: number; height?: number };
  const placed = boxes.map(({ id }) => {
    const { x, y, width, height } = graph.node(id) as Placed;
    return { id, x: x - width / 2, y: y - height / 2, width, height };
  });
  const boxAt = new Map(placed.map((box) => [box.id, box]));
  const routeOf = (edge: Edge): Routed => {
    const points = (graph.edge(edge.from, edge.to) as { points?: Point[] }).points ?? [];
    return { ...edge, points: docked(points, [boxAt.get(edge.from)!, boxAt.get(edge.to)!], direction) };
  };
  return { boxes: placed, edges: edges.map(routeOf), width: whole.width ?? 0, height: whole.height ?? 0 };
};
