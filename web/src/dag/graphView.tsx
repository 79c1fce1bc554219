/** The graph of a DAG: what depends on what, in which state it is, and what decides its end. */
import type { ComponentChildren } from 'preact';
import { useCallback, useEffect, useMemo, useRef, useState } from 'preact/hooks';
import { Loading } from '../parts/notices';
import { plural } from '../parts/format';
import { GraphBox } from './boxes';
import { condense, type Condensed } from './condense';
import { Edges } from './edges';
import type { TaskGraph } from './graph';
import { feasible, groupsOf, type Grouping } from './grouping';
import type { Direction, Layout } from './layout';
import type { StatusThen } from './moments';
import { isArrow, neighbour } from './neighbours';
import { useLayout } from './useLayout';
import { usePanZoom } from './usePanZoom';
import { DISTINCT, LEGIBLE, meets, seen } from './viewport';

interface GraphViewProps {
  readonly graph: TaskGraph;
  /** By the task's place. */
  readonly statuses: readonly StatusThen[];
  /** Places of the tasks on it. */
  readonly critical: readonly number[];
  readonly chosen: number | undefined;
  readonly choose: (task: number | undefined) => void;
  /** Lower, and without the critical path. */
  readonly small?: boolean;
}

const GROUPING_WORDS: Readonly<Record<Grouping, string>> = {
  auto: 'As it fits',
  none: 'Every task',
  stacks: 'Stacks of equals',
  kinds: 'By level and kind',
  levels: 'By level',
};

/** Around a drawing that is lower than its frame could be. */
const ROOM = 40;

/** A frame narrower than this has the graph run downwards. */
const NARROW = 620;

const criticalEdges = ({ boxes, boxOf }: Condensed, path: readonly number[]): ReadonlySet<string> =>
  new Set(path.slice(1).map((task, i) => `${boxes[boxOf[path[i]!]!]!.id} ${boxes[boxOf[task]!]!.id}`));

interface Toggle {
  readonly open: ReadonlySet<string>;
  readonly unfold: (id: string) => void;
}

const useOpen = (): Toggle => {
  const [open, setOpen] = useState<ReadonlySet<string>>(new Set());
  const unfold = useCallback((id: string) => {
    setOpen((before) => {
      const next = new Set(before);
      if (!next.delete(id)) next.add(id);
      return next;
    });
  }, []);
  return { open, unfold };
};

interface PlaneProps extends GraphViewProps, Toggle {
  readonly condensed: Condensed;
  readonly layout: Layout;
  readonly direction: Direction;
  readonly isCriticalShown: boolean;
}

/** What is drawn, moved and scaled, in its frame. */
const Plane = (props: PlaneProps) => {
  const { graph, statuses, critical, chosen, choose, condensed, layout, direction, unfold, isCriticalShown } = props;
  const { frame, view, size, buttons, show } = usePanZoom(layout, condensed.boxes.some(({ kind }) => kind === 'tiles') ? DISTINCT : LEGIBLE);
  const [current, setCurrent] = useState(layout.boxes[0]?.id);
  // A task that was added a moment ago isn't laid out yet.
  const path = useMemo(
    () => (isCriticalShown ? critical.filter((task) => task < condensed.boxOf.length) : []),
    [isCriticalShown, critical, condensed],
  );
  const onPath = useMemo(() => new Set(path.map((task) => condensed.boxOf[task]!)), [path, condensed]);
  const edges = useMemo(() => criticalEdges(condensed, path), [path, condensed]);
  const chosenBox = chosen === undefined ? undefined : condensed.boxes[condensed.boxOf[chosen]!]?.id;
  const inSight = seen(view, size);
  const focusable = layout.boxes.some(({ id }) => id === current) ? current : layout.boxes[0]?.id;
  const focused = useCallback(
    (id: string) => {
      setCurrent(id);
      const box = layout.boxes.find((each) => each.id === id);
      // What a pointer is on must not move away under it.
      if (box !== undefined && document.activeElement?.matches(':focus-visible') === true) show(box);
    },
    [layout, show],
  );
  // What is chosen stays in sight when the panel beside it takes its room.
  useEffect(() => {
    const box = layout.boxes.find(({ id }) => id === chosenBox);
    if (box !== undefined) show(box);
  }, [chosenBox, layout, show]);
  // A box that is out of sight isn't there: it is brought into sight first, and gets the focus once it is.
  const wanted = useRef<string | undefined>(undefined);
  useEffect(() => {
    if (wanted.current === undefined) return;
    const box = frame.current?.querySelector<HTMLElement>(`[data-box="${wanted.current}"]`);
    const target = box instanceof HTMLButtonElement ? box : box?.querySelector<HTMLElement>('.tiles-head');
    // It may come with the next drawing only.
    if (target === undefined || target === null) return;
    wanted.current = undefined;
    target.focus({ preventScroll: true });
  });
  return (
    <div
      ref={frame}
      class="graph-frame"
      style={{ '--drawn': `${Math.ceil(layout.height) + ROOM}px` }}
      role="group"
      aria-label="Graph of the tasks: arrow keys go along the edges, Enter opens"
      onKeyDown={(event) => {
        if (event.key === 'Escape') choose(undefined);
        // Where the focus is, also where that isn't drawn yet.
        const here = (event.target as HTMLElement).closest<HTMLElement>('[data-box]')?.dataset['box'] ?? focusable;
        if (!isArrow(event.key) || here === undefined) return;
        event.preventDefault();
        const next = neighbour(layout, direction, here, event.key);
        if (next === undefined) return;
        wanted.current = next;
        focused(next);
      }}
    >
      <div
        class="graph-plane"
        style={{ transform: `translate(${view.x}px, ${view.y}px) scale(${view.scale})`, width: `${layout.width}px`, height: `${layout.height}px` }}
      >
        <Edges layout={layout} direction={direction} seen={inSight} critical={edges} chosen={chosenBox} />
        {layout.boxes.map((placed, i) =>
          placed.id === focusable || meets(placed, inSight) ? (
            <GraphBox
              key={placed.id}
              box={condensed.boxes[i]!}
              placed={placed}
              statuses={statuses}
              names={graph.names}
              types={graph.types}
              isCritical={onPath.has(i)}
              isChosen={placed.id === chosenBox}
              tabIndex={placed.id === focusable ? 0 : -1}
              choose={choose}
              unfold={unfold}
              focused={focused}
            />
          ) : null,
        )}
      </div>
      {buttons}
    </div>
  );
};

/** Which way the graph runs in the room that there is; undefined until that is known. */
const useDirection = (): { ref: { current: HTMLDivElement | null }; direction: Direction | undefined } => {
  const ref = useRef<HTMLDivElement>(null);
  const [direction, setDirection] = useState<Direction | undefined>(undefined);
  useEffect(() => {
    const element = ref.current!;
    const measured = new ResizeObserver(() => {
      setDirection(element.clientWidth < NARROW ? 'TB' : 'LR');
    });
    measured.observe(element);
    return () => {
      measured.disconnect();
    };
  }, []);
  return { ref, direction };
};

interface BarProps {
  readonly grouping: Grouping;
  readonly ways: readonly Grouping[];
  readonly setGrouping: (grouping: Grouping) => void;
  /** Undefined where there is none to show. */
  readonly isCriticalShown: boolean | undefined;
  readonly setCriticalShown: (isShown: boolean) => void;
  readonly children: ComponentChildren;
}

const Bar = ({ grouping, ways, setGrouping, isCriticalShown, setCriticalShown, children }: BarProps) => (
  <div class="graph-bar">
    <label class="graph-choice">
      Grouping
      <select
        value={grouping}
        onChange={({ currentTarget }) => {
          setGrouping(currentTarget.value as Grouping);
        }}
      >
        {ways.map((way) => (
          <option key={way} value={way}>
            {GROUPING_WORDS[way]}
          </option>
        ))}
      </select>
    </label>
    {isCriticalShown !== undefined && (
      <label class="graph-choice">
        <input
          type="checkbox"
          checked={isCriticalShown}
          onChange={({ currentTarget }) => {
            setCriticalShown(currentTarget.checked);
          }}
        />
        Critical path
      </label>
    )}
    <span class="soft small graph-count">{children}</span>
  </div>
);

export const GraphView = (props: GraphViewProps) => {
  const { graph, small = false } = props;
  const { ref, direction } = useDirection();
  const [grouping, setGrouping] = useState<Grouping>('auto');
  const [isCriticalShown, setCriticalShown] = useState(true);
  const { open, unfold } = useOpen();
  const groups = useMemo(() => groupsOf(graph, grouping), [graph, grouping]);
  const condensed = useMemo(() => condense(graph, groups, open), [graph, groups, open]);
  const laid = useLayout(condensed, direction);
  const ways = useMemo(() => feasible(graph), [graph]);
  return (
    <div ref={ref} class={small ? 'graph graph-small' : 'graph'} data-painted={laid === undefined ? 'no' : 'yes'}>
      <Bar
        grouping={grouping}
        ways={ways}
        setGrouping={setGrouping}
        isCriticalShown={small ? undefined : isCriticalShown}
        setCriticalShown={setCriticalShown}
      >
        {plural(graph.size, 'task')}
        {condensed.boxes.length < graph.size && ` in ${plural(condensed.boxes.length, 'box', 'boxes')}`}
      </Bar>
      {laid === undefined || direction === undefined ? (
        <Loading what="the graph" />
      ) : (
        <Plane
          {...props}
          condensed={laid.condensed}
          layout={laid.layout}
          direction={direction}
          open={open}
          unfold={unfold}
          isCriticalShown={isCriticalShown}
        />
      )}
      {!small && (
        <p class="graph-hint">
          <svg width="30" height="10" aria-hidden="true">
            <path class="edge edge-critical" d="M0 5H30" />
          </svg>
          critical path: what decides when the DAG ends. Drag to move, Ctrl and the wheel to zoom; a stack opens on click.
        </p>
      )}
    </div>
  );
};
