/** The lines between the boxes. */
import type { Direction, Layout, Point, Routed } from './layout';
import { meets } from './viewport';

/** Through the points, each step leaving and arriving along the drawing's direction. */
export const curve = (points: readonly Point[], direction: Direction): string => {
  const [first, ...rest] = points;
  if (first === undefined) return '';
  const text = ({ x, y }: Point): string => `${x.toFixed(1)} ${y.toFixed(1)}`;
  let from = first;
  const steps = rest.map((to) => {
    const [middleX, middleY] = [(from.x + to.x) / 2, (from.y + to.y) / 2];
    const [out, into] =
      direction === 'LR'
        ? [
            { x: middleX, y: from.y },
            { x: middleX, y: to.y },
          ]
        : [
            { x: from.x, y: middleY },
            { x: to.x, y: middleY },
          ];
    from = to;
    return `C${text(out)} ${text(into)} ${text(to)}`;
  });
  return `M${text(first)}${steps.join('')}`;
};

const boundsOf = (points: readonly Point[]): { x: number; y: number; width: number; height: number } => {
  const [xs, ys] = [points.map(({ x }) => x), points.map(({ y }) => y)];
  const [x, y] = [Math.min(...xs), Math.min(...ys)];
  return { x, y, width: Math.max(...xs) - x + 1, height: Math.max(...ys) - y + 1 };
};

interface EdgesProps {
  readonly layout: Layout;
  readonly direction: Direction;
  readonly seen: { readonly x: number; readonly y: number; readonly width: number; readonly height: number };
  /** `from to` of those on the critical path. */
  readonly critical: ReadonlySet<string>;
  /** The box whose edges stand out. */
  readonly chosen: string | undefined;
}

const classOf = ({ from, to }: Routed, { critical, chosen }: EdgesProps): string =>
  ['edge', critical.has(`${from} ${to}`) ? 'edge-critical' : '', chosen === from || chosen === to ? 'edge-chosen' : '']
    .filter((name) => name !== '')
    .join(' ');

export const Edges = (props: EdgesProps) => {
  const { layout, direction, seen } = props;
  return (
    <svg class="graph-edges" width={layout.width} height={layout.height} aria-hidden="true">
      <defs>
        <marker
          id="arrow"
          viewBox="0 0 8 8"
          refX="7"
          refY="4"
          markerWidth="7"
          markerHeight="7"
          markerUnits="userSpaceOnUse"
          orient="auto-start-reverse"
        >
          <path d="M0 .5 7.5 4 0 7.5Z" fill="context-stroke" />
        </marker>
      </defs>
      {layout.edges
        .filter(({ points }) => points.length > 1 && meets(boundsOf(points), seen))
        .map((edge) => (
          <path key={`${edge.from} ${edge.to}`} class={classOf(edge, props)} d={curve(edge.points, direction)} marker-end="url(#arrow)" />
        ))}
    </svg>
  );
};
