/** The boxes of a graph: a task, a stack of many, or an open stack with a tile for each. */
import type { TargetedMouseEvent } from 'preact';
import { useMemo, useState } from 'preact/hooks';
import { StatusShape } from '../parts/badge';
import { countText } from '../parts/format';
import { lookOf } from '../parts/status';
import type { Box } from './condense';
import type { Placed } from './layout';
import { countsOf, type StatusThen } from './moments';
import { isArrow } from './neighbours';
import { TallyBar, TallyFigures, tallyText } from './tally';
import { PITCH, TILE, tileAt, tileCorner, tileGrid } from './tiles';

export interface BoxProps {
  readonly box: Box;
  readonly placed: Placed;
  /** By the task's place. */
  readonly statuses: readonly StatusThen[];
  readonly names: readonly string[];
  readonly types: readonly string[];
  readonly isCritical: boolean;
  readonly isChosen: boolean;
  readonly tabIndex: 0 | -1;
  readonly choose: (task: number) => void;
  readonly unfold: (id: string) => void;
  readonly focused: (id: string) => void;
}

const frameOf = ({ x, y, width, height }: Placed) => ({ left: `${x}px`, top: `${y}px`, width: `${width}px`, height: `${height}px` });

const classOf = ({ box, isCritical, isChosen }: BoxProps, more: string): string =>
  ['box', `box-${box.kind}`, more, isCritical ? 'box-critical' : '', isChosen ? 'box-chosen' : ''].filter((name) => name !== '').join(' ');

const TaskBox = (props: BoxProps) => {
  const { box, placed, statuses, types, tabIndex, choose, focused } = props;
  const task = box.members[0]!;
  const look = lookOf(statuses[task]!);
  return (
    <button
      type="button"
      class={classOf(props, `tone-${look.tone} box-is-${statuses[task]!.toLowerCase()}`)}
      style={frameOf(placed)}
      data-box={box.id}
      data-status={statuses[task]}
      tabIndex={tabIndex}
      aria-pressed={props.isChosen}
      title={box.label}
      onFocus={() => {
        focused(box.id);
      }}
      onClick={() => {
        choose(task);
      }}
    >
      <StatusShape look={look} size={18} />
      <span class="box-words">
        <span class="box-label">{box.short}</span>
        <span class="box-note">{types[task]!.toLowerCase().replaceAll('_', ' ')}</span>
        <span class="hidden">
          {box.short === box.label ? '' : box.label}, {look.word}
          {props.isCritical && ', on the critical path'}
        </span>
      </span>
    </button>
  );
};

const StackBox = (props: BoxProps) => {
  const { box, placed, statuses, tabIndex, unfold, focused } = props;
  const counts = countsOf(box.members.map((task) => statuses[task]!));
  return (
    <button
      type="button"
      class={classOf(props, '')}
      style={frameOf(placed)}
      data-box={box.id}
      tabIndex={tabIndex}
      aria-expanded={false}
      title={`${box.label}: open the stack`}
      onFocus={() => {
        focused(box.id);
      }}
      onClick={() => {
        unfold(box.id);
      }}
    >
      <span class="stack-head">
        <span class="box-label">{box.short}</span>
        <span class="stack-count">×{countText(box.members.length)}</span>
      </span>
      <TallyBar counts={counts} />
      <span class="tally-figures" aria-hidden="true">
        <TallyFigures counts={counts} most={4} />
      </span>
      <span class="hidden">{tallyText(counts)}</span>
    </button>
  );
};

/** How a state is drawn in a tile: filled, hollow or crossed, so that colours aren't needed. */
const tileShape = (status: StatusThen, x: number, y: number): string => {
  const [s, m] = [TILE, TILE / 2];
  switch (status) {
    case 'COMPLETED':
      return `M${x} ${y}h${s}v${s}h${-s}Z`;
    case 'FAILED':
      return `M${x} ${y}h${s}v${s}h${-s}ZM${x + 4} ${y + 2}L${x + 2} ${y + 4}L${x + m - 2} ${y + m}L${x + 2} ${y + s - 4}L${x + 4} ${y + s - 2}L${x + m} ${y + m + 2}L${x + s - 4} ${y + s - 2}L${x + s - 2} ${y + s - 4}L${x + m + 2} ${y + m}L${x + s - 2} ${y + 4}L${x + s - 4} ${y + 2}L${x + m} ${y + m - 2}Z`;
    case 'RUNNING':
      return `M${x + 1} ${y}L${x + s} ${y + m}L${x + 1} ${y + s}Z`;
    case 'RETRYING':
    case 'CANCELLING':
      return `M${x + m} ${y}L${x + s} ${y + m}L${x + m} ${y + s}L${x} ${y + m}Z`;
    case 'QUEUED':
    case 'WAITING':
    case 'AWAITING_APPROVAL':
      return `M${x} ${y}h${s}v${s}h${-s}ZM${x + 3} ${y + 3}v${s - 6}h${s - 6}v${-(s - 6)}Z`;
    case 'SKIPPED':
    case 'CANCELLED':
      return `M${x} ${y + m - 2}h${s}v4h${-s}Z`;
    default:
      return `M${x + m - 2} ${y + m - 2}h4v4h-4Z`;
  }
};

const pathsOf = (members: readonly number[], statuses: readonly StatusThen[]): readonly (readonly [StatusThen, string])[] => {
  const grid = tileGrid(members.length);
  const parts = new Map<StatusThen, string[]>();
  members.forEach((task, place) => {
    const status = statuses[task]!;
    const { x, y } = tileCorner(grid, place);
    const path = tileShape(status, x, y);
    const found = parts.get(status);
    if (found === undefined) parts.set(status, [path]);
    else found.push(path);
  });
  return [...parts].map(([status, paths]) => [status, paths.join('')] as const);
};

const TILE_STEPS = { ArrowLeft: -1, ArrowRight: 1, ArrowUp: 'up', ArrowDown: 'down' } as const;

/** The tile that the pointer is on; the frame of all tiles is its box's. */
const tileUnder = ({ currentTarget, clientX, clientY }: TargetedMouseEvent<HTMLElement>, count: number): number | undefined => {
  const grid = tileGrid(count);
  const frame = currentTarget.getBoundingClientRect();
  const scale = frame.width / grid.width;
  return tileAt(grid, count, { x: (clientX - frame.left) / scale, y: (clientY - frame.top) / scale });
};

/** All tiles are one button: the arrow keys move a cursor over them, and what it is on is the button's name. */
const Tiles = ({ box, statuses, names, choose }: BoxProps) => {
  const { members, label } = box;
  const grid = tileGrid(members.length);
  const [cursor, setCursor] = useState(0);
  const paths = useMemo(() => pathsOf(members, statuses), [members, statuses]);
  const corner = tileCorner(grid, cursor);
  const told = (place: number): string => `${names[members[place]!]!}, ${lookOf(statuses[members[place]!]!).word}`;
  return (
    <button
      type="button"
      class="tiles"
      aria-label={`${told(cursor)}: task ${cursor + 1} of ${members.length} in ${label}. Arrow keys go to the others, Enter opens.`}
      onKeyDown={(event) => {
        if (!isArrow(event.key)) return;
        event.preventDefault();
        event.stopPropagation();
        const step = TILE_STEPS[event.key];
        const by = step === 'up' ? -grid.columns : step === 'down' ? grid.columns : step;
        setCursor(Math.max(0, Math.min(members.length - 1, cursor + by)));
      }}
      onClick={(event) => {
        // A click by the keyboard has no place.
        const place = event.detail === 0 ? cursor : tileUnder(event, members.length);
        if (place === undefined) return;
        setCursor(place);
        choose(members[place]!);
      }}
      onMouseMove={(event) => {
        const place = tileUnder(event, members.length);
        event.currentTarget.title = place === undefined ? '' : told(place);
      }}
    >
      <svg width={grid.width} height={grid.height} aria-hidden="true">
        {paths.map(([status, path]) => (
          <path key={status} class={`tone-${lookOf(status).tone} tile-path tile-${status.toLowerCase()}`} d={path} fill-rule="evenodd" />
        ))}
        <rect class="tile-cursor" x={corner.x - 2} y={corner.y - 2} width={PITCH} height={PITCH} />
      </svg>
    </button>
  );
};

const TilesBox = (props: BoxProps) => {
  const { box, placed, tabIndex, unfold, focused } = props;
  return (
    <div class={classOf(props, '')} style={frameOf(placed)} data-box={box.id}>
      <Tiles {...props} />
      <button
        type="button"
        class="tiles-head"
        tabIndex={tabIndex}
        aria-expanded={true}
        title={`${box.label}: fold up`}
        onFocus={() => {
          focused(box.id);
        }}
        onClick={() => {
          unfold(box.id);
        }}
      >
        <span class="box-label">{box.short}</span>
        <span class="stack-count">×{countText(box.members.length)}</span>
        <span class="tiles-fold">Fold up</span>
      </button>
    </div>
  );
};

export const GraphBox = (props: BoxProps) => {
  switch (props.box.kind) {
    case 'task':
      return <TaskBox {...props} />;
    case 'stack':
      return <StackBox {...props} />;
    case 'tiles':
      return <TilesBox {...props} />;
  }
};
