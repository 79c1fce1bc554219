/** Curves over time. Each is told apart by its colour and by its dashes, and its last value stands beside its name. */
import { useEffect, useMemo, useRef, useState } from 'preact/hooks';
import uPlot from 'uplot';
import 'uplot/dist/uPlot.min.css';
import { theme } from '../layout/theme';
import { When } from '../parts/times';
import { lastOf } from '../api/overview';
import type { Line } from './line';

interface ChartProps {
  /** What it shows, for those who can't see it. */
  readonly label: string;
  readonly times: readonly number[];
  readonly lines: readonly Line[];
  readonly text: (value: number) => string;
  /** The top of the scale; as the values need it without one. */
  readonly top?: number;
  /** Of what is counted there are no halves. */
  readonly whole?: boolean;
}

const HEIGHT = 130;
const MARGIN_TOP = 1.15;

/** Colours as the reader's look has them: only an element can tell what light-dark() comes to. */
const colourOf = (element: Element, name: string): string => {
  const probe = document.createElement('span');
  probe.style.color = `var(--${name})`;
  element.append(probe);
  const { color } = getComputedStyle(probe);
  probe.remove();
  return color;
};

const faded = (colour: string): string => colour.replace(/^rgb\((.*)\)$/, 'rgba($1, 0.12)');

const seriesOf = (element: Element, { name, tone, dash, fill = false }: Line): uPlot.Series => {
  const colour = colourOf(element, tone);
  return {
    label: name,
    stroke: colour,
    width: 1.75,
    points: { show: false },
    ...(dash === undefined ? {} : { dash: [...dash] }),
    ...(fill ? { fill: faded(colour) } : {}),
  };
};

const axisOf = (element: Element): Pick<uPlot.Axis, 'stroke' | 'grid' | 'ticks' | 'font'> => ({
  stroke: colourOf(element, 'ink-faint'),
  grid: { stroke: colourOf(element, 'line'), width: 1 },
  ticks: { show: false },
  font: `11px ${getComputedStyle(element).fontFamily}`,
});

const scaleTop = (top: number | undefined, largest: number | null): number => top ?? (largest === null || largest <= 0 ? 1 : largest * MARGIN_TOP);

const WHOLE_STEPS = [1, 10, 100, 1_000, 10_000, 100_000, 1_000_000].flatMap((size) => [size, 2 * size, 5 * size]);

const optionsOf = (element: HTMLElement, { lines, text, top, whole }: ChartProps, pointed: (at: number | null) => void): uPlot.Options => ({
  width: element.clientWidth,
  height: HEIGHT,
  legend: { show: false },
  padding: [8, 8, 0, 0],
  cursor: { y: false, drag: { x: false, y: false } },
  scales: { y: { range: (_chart, _low, high) => [0, scaleTop(top, high)] } },
  series: [{}, ...lines.map((line) => seriesOf(element, line))],
  axes: [
    { ...axisOf(element), space: 70, size: 28, values: (_chart, at) => clockTexts(at) },
    { ...axisOf(element), space: 34, size: 52, values: (_chart, at) => at.map(text), ...(whole === true ? { incrs: WHOLE_STEPS } : {}) },
  ],
  hooks: {
    setCursor: [
      (chart) => {
        pointed(chart.cursor.idx ?? null);
      },
    ],
  },
});

/** With seconds where the steps are shorter than a minute. */
const clockTexts = (at: readonly number[]): string[] => {
  const exactly = at.length > 1 && at[1]! - at[0]! < 60;
  const fields: Intl.DateTimeFormatOptions = { hour: '2-digit', minute: '2-digit', ...(exactly ? { second: '2-digit' } : {}) };
  return at.map((seconds) => new Date(seconds * 1_000).toLocaleTimeString('en-GB', fields));
};

const dataOf = ({ times, lines }: Pick<ChartProps, 'times' | 'lines'>): uPlot.AlignedData => [[...times], ...lines.map(({ values }) => [...values])];

/** Follows the system's look, too. */
const useDark = (): string => {
  const media = useMemo(() => matchMedia('(prefers-color-scheme: dark)'), []);
  const [dark, setDark] = useState(media.matches);
  useEffect(() => {
    const changed = (): void => {
      setDark(media.matches);
    };
    media.addEventListener('change', changed);
    return () => {
      media.removeEventListener('change', changed);
    };
  }, [media]);
  return `${theme.value} ${String(dark)}`;
};

const Legend = ({ times, lines, text, at }: Pick<ChartProps, 'times' | 'lines' | 'text'> & { readonly at: number | null }) => (
  <div class="legend">
    {lines.map(({ name, tone, dash, values }) => {
      const value = at === null ? lastOf(values) : (values[at] ?? null);
      return (
        <span key={name} class="legend-item">
          <svg class="legend-line" width="18" height="8" aria-hidden="true">
            <line x1="0" y1="4" x2="18" y2="4" style={{ stroke: `var(--${tone})` }} stroke-width="2" stroke-dasharray={dash?.join(' ')} />
          </svg>
          {name} <strong class="figure">{value === null ? '–' : text(value)}</strong>
        </span>
      );
    })}
    {at !== null && times[at] !== undefined && (
      <span class="legend-item soft">
        at <When at={1_000 * times[at]} />
      </span>
    )}
  </div>
);

export const TimeChart = (props: ChartProps) => {
  const element = useRef<HTMLDivElement>(null);
  const chart = useRef<uPlot>(undefined);
  const [at, setAt] = useState<number | null>(null);
  const look = useDark();
  const shape = props.lines.map(({ name, tone }) => `${name}${tone}`).join();
  const latest = useRef(props);
  latest.current = props;
  useEffect(() => {
    const there = element.current!;
    const drawn = new uPlot(optionsOf(there, latest.current, setAt), dataOf(latest.current), there);
    chart.current = drawn;
    const watching = new ResizeObserver(() => {
      drawn.setSize({ width: there.clientWidth, height: HEIGHT });
    });
    watching.observe(there);
    return () => {
      watching.disconnect();
      drawn.destroy();
      chart.current = undefined;
    };
  }, [shape, look]);
  useEffect(() => {
    chart.current?.setData(dataOf(props));
  }, [props.times, props.lines]);
  const told = props.lines.map(({ name, values }) => `${name} ${withUnit(lastOf(values), props.text)}`).join(', ');
  return (
    <>
      <div class="chart" ref={element} role="img" aria-label={`${props.label}. Now: ${told}.`} />
      <Legend times={props.times} lines={props.lines} text={props.text} at={at} />
    </>
  );
};

const withUnit = (value: number | null, text: (value: number) => string): string => (value === null ? 'unknown' : text(value));
