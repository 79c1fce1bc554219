/** When each task ran, and what it waited for before. */
import { useEffect, useMemo, useRef, useState } from 'preact/hooks';
import { durationText, exactText } from '../parts/format';
import { Empty, Failure } from '../parts/notices';
import { lookOf } from '../parts/status';
import { lanesByTask, lanesByWorker, ticksOf, type Bar, type Lane } from './lanes';
import { timeOf, timeOrNull, type Dag, type HistoryEvent, type Task } from './model';
import type { Segment } from './segments';
import { BAR, Patterns, STAGE_WORDS, StageLegend } from './timelineLegend';
import { useEvents } from './useEvents';
import { useSegments } from './useSegments';

const ROW = 24;
const LABELS = 190;
const AXIS = 28;
/** Rows drawn above and below what is seen. */
const SPARE = 10;

interface Span {
  readonly from: number;
  readonly to: number;
}

const spanOf = (dag: Dag, segments: readonly (readonly Segment[])[]): Span => {
  let [from, to] = [timeOf(dag.createdAt), timeOrNull(dag.completedAt) ?? timeOf(dag.createdAt)];
  for (const each of segments) {
    from = Math.min(from, each[0]?.from ?? from);
    to = Math.max(to, each.at(-1)?.to ?? to);
  }
  return { from, to: Math.max(to, from + 1) };
};

const classOf = ({ stage, outcome }: Bar): string =>
  `gantt gantt-${stage}${stage === 'running' ? ` gantt-${(outcome ?? 'going').toLowerCase()}` : ''}`;

const wordsOf = (bar: Bar, name: string): string => {
  const where =
    bar.stage === 'running' ? ` on ${bar.workerId ?? 'a worker'}, attempt ${bar.attempt ?? '?'}${bar.outcome === 'FAILED' ? ', failed' : ''}` : '';
  const stage = bar.isForApproval === true ? lookOf('AWAITING_APPROVAL').word : STAGE_WORDS[bar.stage];
  return `${name}: ${stage}${where} for ${durationText(bar.to - bar.from)}, from ${exactText(bar.from)}`;
};

interface Scale {
  readonly span: Span;
  readonly width: number;
}

const xOf = ({ span, width }: Scale, at: number): number => ((at - span.from) / (span.to - span.from)) * width;

const Axis = ({ scale }: { readonly scale: Scale }) => (
  <svg class="lanes-axis" width={scale.width} height={AXIS} aria-hidden="true">
    {ticksOf(scale.span.from, scale.span.to, scale.width / 90).map((after) => {
      const x = xOf(scale, scale.span.from + after);
      const isLast = x > scale.width - 30;
      return (
        <g key={after}>
          <title>{exactText(scale.span.from + after)}</title>
          <line class="lanes-tick" x1={x} x2={x} y1={AXIS - 6} y2={AXIS} />
          <text class="lanes-time" x={isLast ? scale.width - 2 : x} y={AXIS - 10} text-anchor={after === 0 ? 'start' : isLast ? 'end' : 'middle'}>
            {after === 0 ? '0' : `+${durationText(after)}`}
          </text>
        </g>
      );
    })}
  </svg>
);

interface BarsProps {
  readonly lanes: readonly Lane[];
  readonly first: number;
  readonly scale: Scale;
  readonly tasks: readonly Task[];
  readonly critical: ReadonlySet<number>;
  readonly choose: (task: number) => void;
}

const Bars = ({ lanes, first, scale, tasks, critical, choose }: BarsProps) => (
  <>
    {lanes.map((lane, row) =>
      lane.bars.map((bar) => {
        const [x, end] = [xOf(scale, bar.from), xOf(scale, bar.to)];
        const isThin = bar.stage === 'blocked';
        const height = isThin ? 2 : BAR;
        return (
          <rect
            key={`${row} ${bar.task} ${bar.from} ${bar.stage}`}
            class={classOf(bar)}
            x={x}
            y={(first + row) * ROW + (ROW - height) / 2}
            width={Math.max(isThin ? 0 : 1.5, end - x - 0.5)}
            height={height}
            rx={isThin ? 0 : 2}
            data-critical={critical.has(bar.task) && bar.stage === 'running' ? 'yes' : undefined}
            onClick={() => {
              choose(bar.task);
            }}
          >
            <title>{wordsOf(bar, tasks[bar.task]!.taskName)}</title>
          </rect>
        );
      }),
    )}
  </>
);

interface LanesProps extends Omit<BarsProps, 'first' | 'scale'> {
  readonly span: Span;
  readonly zoom: number;
  readonly isByTask: boolean;
  readonly chosen: number | undefined;
}

/** Only the rows that are seen are drawn. */
const Lanes = ({ lanes, span, zoom, isByTask, chosen, tasks, critical, choose }: LanesProps) => {
  const frame = useRef<HTMLDivElement>(null);
  const [{ top, height, width }, setSeen] = useState({ top: 0, height: 400, width: 800 });
  const measure = (): void => {
    const element = frame.current!;
    setSeen({ top: element.scrollTop, height: element.clientHeight, width: element.clientWidth });
  };
  useEffect(() => {
    const observer = new ResizeObserver(measure);
    observer.observe(frame.current!);
    return () => {
      observer.disconnect();
    };
  }, []);
  const labels = Math.min(LABELS, width * 0.4);
  const scale = { span, width: Math.max(120, (width - labels - 16) * zoom) };
  const first = Math.max(0, Math.floor(top / ROW) - SPARE);
  const shown = lanes.slice(first, Math.ceil((top + height) / ROW) + SPARE);
  return (
    <div
      ref={frame}
      class="lanes"
      style={{ '--drawn': `${AXIS + lanes.length * ROW + 18}px` }}
      tabIndex={0}
      role="region"
      aria-label={isByTask ? 'Timeline by task' : 'Timeline by worker'}
      onScroll={measure}
    >
      <div class="lanes-plane" style={{ width: `${labels + scale.width + 12}px`, height: `${AXIS + lanes.length * ROW}px` }}>
        <div class="lanes-head" style={{ height: `${AXIS}px`, paddingLeft: `${labels}px` }}>
          <Axis scale={scale} />
        </div>
        <div class="lanes-labels" style={{ width: `${labels}px`, height: `${lanes.length * ROW}px` }}>
          {shown.map((lane, row) => (
            <LaneLabel
              key={first + row}
              lane={lane}
              row={first + row}
              isByTask={isByTask}
              isChosen={isByTask && lane.bars[0]?.task === chosen}
              choose={choose}
            />
          ))}
        </div>
        <svg class="lanes-bars" style={{ left: `${labels}px`, top: `${AXIS}px` }} width={scale.width} height={lanes.length * ROW}>
          <Patterns />
          {shown.map((_, row) => (
            <line
              key={first + row}
              class="lanes-line"
              x1={0}
              x2={scale.width}
              y1={(first + row + 1) * ROW - 0.5}
              y2={(first + row + 1) * ROW - 0.5}
            />
          ))}
          <Bars lanes={shown} first={first} scale={scale} tasks={tasks} critical={critical} choose={choose} />
        </svg>
      </div>
    </div>
  );
};

interface LaneLabelProps {
  readonly lane: Lane;
  readonly row: number;
  readonly isByTask: boolean;
  readonly isChosen: boolean;
  readonly choose: (task: number) => void;
}

const LaneLabel = ({ lane, row, isByTask, isChosen, choose }: LaneLabelProps) => {
  const place = { top: `${row * ROW}px`, height: `${ROW}px` };
  const task = lane.bars[0]?.task;
  if (!isByTask || task === undefined)
    return (
      <span class="lane-label" style={place} title={lane.label}>
        {lane.continued ? '' : lane.label}
      </span>
    );
  return (
    <button
      type="button"
      class={isChosen ? 'lane-label lane-chosen' : 'lane-label'}
      style={place}
      title={lane.label}
      onClick={() => {
        choose(task);
      }}
    >
      {lane.label}
    </button>
  );
};

interface TimelineProps {
  readonly dag: Dag;
  readonly tasks: readonly Task[];
  readonly critical: readonly number[];
  readonly chosen: number | undefined;
  readonly choose: (task: number) => void;
}

const NO_EVENTS: readonly HistoryEvent[] = [];
const ZOOMS = [1, 2, 4, 8, 16, 32, 64];

/** The history tells when tasks were begun again; the rest is shown without it, too. */
export const TimelineView = ({ dag, tasks, critical, chosen, choose }: TimelineProps) => {
  const history = useEvents(dag.dagId);
  const segments = useSegments(tasks, history.data ?? NO_EVENTS);
  const [isByTask, setByTask] = useState(true);
  const [zoom, setZoom] = useState(0);
  const names = useMemo(() => tasks.map(({ taskName }) => taskName), [tasks]);
  const lanes = useMemo(() => (isByTask ? lanesByTask(names, segments) : lanesByWorker(segments)), [isByTask, names, segments]);
  const onPath = useMemo(() => new Set(critical), [critical]);
  const button = (label: string, text: string, next: number) => (
    <button
      type="button"
      class="button button-small"
      aria-label={text === 'Fit' ? undefined : label}
      title={label}
      disabled={ZOOMS[next] === undefined || next === zoom}
      onClick={() => {
        setZoom(next);
      }}
    >
      {text}
    </button>
  );
  return (
    <div class="timeline">
      {history.error !== undefined && <Failure error={history.error} again={history.again} />}
      <div class="graph-bar">
        <label class="graph-choice">
          Lanes
          <select
            value={isByTask ? 'task' : 'worker'}
            onChange={({ currentTarget }) => {
              setByTask(currentTarget.value === 'task');
            }}
          >
            <option value="task">By task</option>
            <option value="worker">By worker</option>
          </select>
        </label>
        <span class="row" role="group" aria-label="Zoom">
          {button('Zoom out', '−', zoom - 1)}
          {button('Zoom in', '+', zoom + 1)}
          {button('Show all', 'Fit', 0)}
        </span>
      </div>
      {lanes.length === 0 ? (
        <Empty title="Nothing has run yet.">The lanes of workers appear as soon as the first task starts.</Empty>
      ) : (
        <Lanes
          lanes={lanes}
          span={spanOf(dag, segments)}
          zoom={ZOOMS[zoom]!}
          isByTask={isByTask}
          chosen={chosen}
          tasks={tasks}
          critical={onPath}
          choose={choose}
        />
      )}
      <StageLegend />
    </div>
  );
};
