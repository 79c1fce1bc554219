/** The graph as it would be. */
import { plural, wordsOf } from '../../parts/format';
import { Empty } from '../../parts/notices';
import { layered, type Layers, type Placed, type PreviewTask } from './layers';

const [WIDTH, HEIGHT, GAP_X, GAP_Y, MARGIN] = [150, 42, 16, 34, 4];
const MOST_DRAWN = 300;
const LONGEST = 20;
const LEAST = 0.75;

const short = (text: string): string => (text.length > LONGEST ? `${text.slice(0, LONGEST - 1)}…` : text);

/** Downwards. Smaller layers stand in the middle of the largest. */
const placing = ({ tasks, rows }: Layers) => {
  const sizes = new Map<number, number>();
  for (const { layer } of tasks) sizes.set(layer, (sizes.get(layer) ?? 0) + 1);
  return ({ layer, row }: Placed) => ({
    x: MARGIN + (row + (rows - (sizes.get(layer) ?? rows)) / 2) * (WIDTH + GAP_X),
    y: MARGIN + layer * (HEIGHT + GAP_Y),
  });
};

const Graph = ({ layers }: { readonly layers: Layers }) => {
  const at = placing(layers);
  const [width, height] = [2 * MARGIN + layers.rows * (WIDTH + GAP_X) - GAP_X, 2 * MARGIN + layers.layers * (HEIGHT + GAP_Y) - GAP_Y];
  return (
    <svg
      width={width}
      height={height}
      // Somewhat too wide, it shrinks; beyond that its frame scrolls.
      style={{ maxWidth: `max(100%, ${LEAST * width}px)`, height: 'auto' }}
      viewBox={`0 0 ${width} ${height}`}
      role="img"
      aria-label={`${plural(layers.tasks.length, 'task')} in ${plural(layers.layers, 'step')}: ${layers.tasks
        .slice(0, 30)
        .map(({ name }) => name)
        .join(', ')}`}
    >
      {layers.edges.map(({ from, to }) => {
        const [a, b] = [at(from), at(to)];
        const [x1, y1, x2, y2] = [a.x + WIDTH / 2, a.y + HEIGHT, b.x + WIDTH / 2, b.y];
        const bend = (y2 - y1) / 2;
        return <path key={`${from.name} ${to.name}`} class="preview-edge" d={`M${x1} ${y1}C${x1} ${y1 + bend} ${x2} ${y2 - bend} ${x2} ${y2}`} />;
      })}
      {layers.tasks.map((task) => {
        const { x, y } = at(task);
        return (
          <g key={task.name} class="preview-node" transform={`translate(${x} ${y})`}>
            <title>{`${task.name} (${task.type})`}</title>
            <rect width={WIDTH} height={HEIGHT} rx="6" />
            <text x="10" y="18">
              {short(task.name)}
            </text>
            <text class="preview-type" x="10" y="33">
              {short(wordsOf(task.type))}
            </text>
          </g>
        );
      })}
    </svg>
  );
};

export const Preview = ({ tasks }: { readonly tasks: readonly PreviewTask[] }) => {
  if (tasks.length === 0) return <Empty title="No tasks yet.">The graph appears here as you write.</Empty>;
  if (tasks.length > MOST_DRAWN)
    return <Empty title={plural(tasks.length, 'task')}>So many are drawn on the DAG’s own page, once it is submitted.</Empty>;
  return (
    <div class="preview" role="region" aria-label="Graph" tabIndex={0}>
      <Graph layers={layered(tasks)} />
    </div>
  );
};
