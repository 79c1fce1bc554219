/** Where the arrow keys lead: along the edges to what comes next or before, and across to what stands beside. */
import type { Direction, Layout, Placed } from './layout';

const ARROWS = ['ArrowLeft', 'ArrowRight', 'ArrowUp', 'ArrowDown'] as const;
export type Arrow = (typeof ARROWS)[number];

export const isArrow = (key: string): key is Arrow => (ARROWS as readonly string[]).includes(key);

const centre = ({ x, y, width, height }: Placed): { x: number; y: number } => ({ x: x + width / 2, y: y + height / 2 });

const nearest = (from: Placed, boxes: readonly Placed[]): string | undefined => {
  const here = centre(from);
  const distance = (box: Placed): number => Math.hypot(centre(box).x - here.x, centre(box).y - here.y);
  return boxes.reduce<Placed | undefined>((best, box) => (best === undefined || distance(box) < distance(best) ? box : best), undefined)?.id;
};

/** Beside it: boxes of the same rank, which overlap along the drawing's direction. */
const beside = (from: Placed, { boxes }: Layout, direction: Direction, sign: number): Placed[] =>
  boxes.filter((box) => {
    if (box.id === from.id) return false;
    const [dx, dy] = [centre(box).x - centre(from).x, centre(box).y - centre(from).y];
    if (direction === 'LR') return Math.abs(dx) < (box.width + from.width) / 2 && dy * sign > 0;
    return Math.abs(dy) < (box.height + from.height) / 2 && dx * sign > 0;
  });

const linked = (from: Placed, { boxes, edges }: Layout, isForwards: boolean): Placed[] => {
  const ids = new Set(edges.flatMap((edge) => (isForwards ? (edge.from === from.id ? [edge.to] : []) : edge.to === from.id ? [edge.from] : [])));
  return boxes.filter(({ id }) => ids.has(id));
};

/** The box that an arrow key leads to; undefined where there is none. */
export const neighbour = (layout: Layout, direction: Direction, id: string, arrow: Arrow): string | undefined => {
  const from = layout.boxes.find((box) => box.id === id);
  if (from === undefined) return layout.boxes[0]?.id;
  const [forwards, backwards] = direction === 'LR' ? (['ArrowRight', 'ArrowLeft'] as const) : (['ArrowDown', 'ArrowUp'] as const);
  if (arrow === forwards) return nearest(from, linked(from, layout, true));
  if (arrow === backwards) return nearest(from, linked(from, layout, false));
  return nearest(from, beside(from, layout, direction, arrow === 'ArrowDown' || arrow === 'ArrowRight' ? 1 : -1));
};
