/** Which part of a drawing is seen, and how large. */

export interface View {
  /** Where the drawing's corner is, in pixels of the frame. */
  readonly x: number;
  readonly y: number;
  readonly scale: number;
}

export interface Size {
  readonly width: number;
  readonly height: number;
}

const SMALLEST = 0.08;
const LARGEST = 2.5;
/** Labels can't be read at less, and tiles not told apart. */
export const LEGIBLE = 0.55;
export const DISTINCT = 0.28;

const within = (low: number, value: number, high: number): number => Math.max(low, Math.min(value, high));

const wholeScale = (drawing: Size, frame: Size): number => Math.min(frame.width / drawing.width, frame.height / drawing.height);

/** The whole drawing where that isn't smaller than `least`; else its beginning, as small as that. */
export const fitting = (drawing: Size, frame: Size, least: number): View => {
  const scale = within(least, wholeScale(drawing, frame), 1);
  const centred = (inner: number, outer: number): number => (inner * scale <= outer ? (outer - inner * scale) / 2 : 0);
  return { x: centred(drawing.width, frame.width), y: centred(drawing.height, frame.height), scale };
};

/** After the drawing has changed: all of it where that isn't too small, else what was seen before. */
export const changed = (view: View, drawing: Size, frame: Size, least: number): View =>
  wholeScale(drawing, frame) >= least ? fitting(drawing, frame, least) : view;

/** All of it, legible or not. */
export const whole = (drawing: Size, frame: Size): View => {
  const scale = within(SMALLEST, wholeScale(drawing, frame), 1);
  return { x: (frame.width - drawing.width * scale) / 2, y: (frame.height - drawing.height * scale) / 2, scale };
};

/** Zoomed by a factor, with what is under a point of the frame staying there. */
export const zoomed = ({ x, y, scale }: View, factor: number, at: { x: number; y: number }): View => {
  const next = within(SMALLEST, scale * factor, LARGEST);
  const by = next / scale;
  return { x: at.x - (at.x - x) * by, y: at.y - (at.y - y) * by, scale: next };
};

interface Rect extends Size {
  readonly x: number;
  readonly y: number;
}

/** The part of the drawing that the frame shows, with some room around. */
export const seen = ({ x, y, scale }: View, frame: Size, margin = 120): Rect => ({
  x: (-x - margin) / scale,
  y: (-y - margin) / scale,
  width: (frame.width + 2 * margin) / scale,
  height: (frame.height + 2 * margin) / scale,
});

export const meets = (a: Rect, b: Rect): boolean => a.x < b.x + b.width && b.x < a.x + a.width && a.y < b.y + b.height && b.y < a.y + a.height;

/** Moved so that a box is seen, with some room around it; the same view where it is seen already. */
export const showing = (view: View, frame: Size, box: Rect): View => {
  const margin = 24;
  const along = (offset: number, start: number, length: number, room: number): number => {
    const [from, to] = [offset + start * view.scale, offset + (start + length) * view.scale];
    if (from < margin) return offset + margin - from;
    return to > room - margin ? offset - (to - (room - margin)) : offset;
  };
  const [x, y] = [along(view.x, box.x, box.width, frame.width), along(view.y, box.y, box.height, frame.height)];
  return x === view.x && y === view.y ? view : { ...view, x, y };
};
