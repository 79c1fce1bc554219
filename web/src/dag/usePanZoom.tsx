/** Moving and scaling what a frame shows: by dragging, two fingers, the wheel with Ctrl, and buttons. */
import type { VNode } from 'preact';
import { useCallback, useEffect, useLayoutEffect, useRef, useState } from 'preact/hooks';
import { changed, fitting, showing, whole, zoomed, type Size, type View } from './viewport';

interface PanZoom {
  readonly frame: { current: HTMLDivElement | null };
  readonly view: View;
  /** Of the frame. */
  readonly size: Size;
  readonly buttons: VNode;
  /** Brings a box of the drawing into sight. */
  readonly show: (box: Size & { readonly x: number; readonly y: number }) => void;
}

const STEP = 1.3;
const WHEEL = 0.0022;
/** Pixels that a pointer moves before it drags: less is a click. */
const DRAG = 4;

interface Pointer {
  readonly x: number;
  readonly y: number;
}

type Change = (next: (before: View) => View) => void;

const middle = ([a, b]: readonly Pointer[]): Pointer => ({ x: (a!.x + b!.x) / 2, y: (a!.y + b!.y) / 2 });
const apart = ([a, b]: readonly Pointer[]): number => Math.hypot(a!.x - b!.x, a!.y - b!.y);

/** One pointer moves, two scale. */
const followPointers = (frame: HTMLDivElement, change: Change): (() => void) => {
  const pointers = new Map<number, Pointer>();
  let dragged = false;
  const placeOf = ({ clientX, clientY }: MouseEvent): Pointer => {
    const { left, top } = frame.getBoundingClientRect();
    return { x: clientX - left, y: clientY - top };
  };
  const down = (event: PointerEvent): void => {
    if (event.button !== 0 || (event.target as Element).closest('.graph-buttons') !== null) return;
    pointers.set(event.pointerId, placeOf(event));
    dragged = false;
  };
  const move = (event: PointerEvent): void => {
    const before = pointers.get(event.pointerId);
    if (before === undefined) return;
    const after = placeOf(event);
    if (!dragged && pointers.size === 1 && Math.hypot(after.x - before.x, after.y - before.y) < DRAG) return;
    if (!dragged) frame.setPointerCapture(event.pointerId);
    dragged = true;
    const old = [...pointers.values()];
    pointers.set(event.pointerId, after);
    const now = [...pointers.values()];
    if (now.length === 2) change((view) => zoomed(view, apart(now) / Math.max(1, apart(old)), middle(now)));
    else change((view) => ({ ...view, x: view.x + after.x - before.x, y: view.y + after.y - before.y }));
  };
  const up = (event: PointerEvent): void => {
    pointers.delete(event.pointerId);
  };
  // The end of a drag is no click on what it ended over.
  const click = (event: MouseEvent): void => {
    if (!dragged || event.detail === 0) return;
    dragged = false;
    event.stopPropagation();
    event.preventDefault();
  };
  const wheel = (event: WheelEvent): void => {
    if (!event.ctrlKey && !event.metaKey) return;
    event.preventDefault();
    change((view) => zoomed(view, Math.exp(-event.deltaY * WHEEL), placeOf(event)));
  };
  const ending = new AbortController();
  const { signal } = ending;
  frame.addEventListener('pointerdown', down, { signal });
  frame.addEventListener('pointermove', move, { signal });
  frame.addEventListener('pointerup', up, { signal });
  frame.addEventListener('pointercancel', up, { signal });
  frame.addEventListener('click', click, { signal, capture: true });
  frame.addEventListener('wheel', wheel, { signal, passive: false });
  return () => {
    ending.abort();
  };
};

const Buttons = ({ change, size, drawing }: { readonly change: Change; readonly size: Size; readonly drawing: Size }) => {
  const centre = { x: size.width / 2, y: size.height / 2 };
  const button = (label: string, text: string, next: (before: View) => View): VNode => (
    <button
      type="button"
      class="button button-small"
      aria-label={text === 'Fit' ? undefined : label}
      title={label}
      onClick={() => {
        change(next);
      }}
    >
      {text}
    </button>
  );
  return (
    <div class="graph-buttons" role="group" aria-label="Zoom">
      {button('Zoom in', '+', (view) => zoomed(view, STEP, centre))}
      {button('Zoom out', '−', (view) => zoomed(view, 1 / STEP, centre))}
      {button('Show all', 'Fit', () => whole(drawing, size))}
    </div>
  );
};

/** Follows the size of the frame. */
const useSize = (frame: { current: HTMLDivElement | null }): Size => {
  const [size, setSize] = useState<Size>({ width: 0, height: 0 });
  useEffect(() => {
    const element = frame.current!;
    const measured = new ResizeObserver(() => {
      setSize({ width: element.clientWidth, height: element.clientHeight });
    });
    measured.observe(element);
    return () => {
      measured.disconnect();
    };
  }, []);
  return size;
};

/** `least` is the scale below which nothing can be made out any more. */
export const usePanZoom = (drawing: Size, least: number): PanZoom => {
  const frame = useRef<HTMLDivElement>(null);
  const size = useSize(frame);
  const [view, setView] = useState<View>({ x: 0, y: 0, scale: 1 });
  const fitted = useRef<{ drawing: Size; view: View } | undefined>(undefined);
  useEffect(() => followPointers(frame.current!, setView), []);
  // What nobody has moved goes on fitting its frame; what somebody has moved stays, unless the drawing becomes another one.
  useLayoutEffect(() => {
    if (size.width === 0) return;
    setView((before) => {
      const last = fitted.current;
      const isOther = last?.drawing !== drawing;
      if (!isOther && before !== last.view) return before;
      const next = last === undefined || !isOther ? fitting(drawing, size, least) : changed(before, drawing, size, least);
      fitted.current = { drawing, view: next };
      return next;
    });
  }, [drawing, size, least]);
  const show = useCallback<PanZoom['show']>(
    (box) => {
      if (size.width > 0) setView((before) => showing(before, size, box));
    },
    [size],
  );
  return { frame, view, size, show, buttons: <Buttons change={setView} size={size} drawing={drawing} /> };
};
