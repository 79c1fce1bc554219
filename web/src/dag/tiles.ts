/** A large group that is open: a tile for each of its tasks, in rows, in the order submitted. */

export const TILE = 16;
const GAP = 4;
export const PITCH = TILE + GAP;
export const TILES_HEAD = 36;
const PADDING = 12;
/** Half as wide again as it is high. */
const ASPECT = 1.5;
const LEAST_COLUMNS = 10;

export interface TileGrid {
  readonly columns: number;
  readonly width: number;
  readonly height: number;
}

export const tileGrid = (count: number): TileGrid => {
  const columns = Math.max(LEAST_COLUMNS, Math.ceil(Math.sqrt(count * ASPECT)));
  const rows = Math.ceil(count / columns);
  return { columns, width: columns * PITCH - GAP + 2 * PADDING, height: TILES_HEAD + rows * PITCH - GAP + PADDING };
};

/** The upper left corner of a tile, from the corner of its box. */
export const tileCorner = ({ columns }: TileGrid, place: number): { x: number; y: number } => ({
  x: PADDING + (place % columns) * PITCH,
  y: TILES_HEAD + Math.floor(place / columns) * PITCH,
});

/** Which tile is at a point of the box; undefined between them. */
export const tileAt = ({ columns }: TileGrid, count: number, { x, y }: { x: number; y: number }): number | undefined => {
  const column = (x - PADDING) / PITCH;
  const row = (y - TILES_HEAD) / PITCH;
  if (column < 0 || row < 0 || column >= columns) return undefined;
  const place = Math.floor(row) * columns + Math.floor(column);
  return place < count ? place : undefined;
};
