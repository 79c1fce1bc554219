/** A curve as an SVG: the same text for the same points, so that a picture can be compared with the figures that it shows. */
import type { Curve } from './scenario';

const [WIDTH, HEIGHT] = [640, 300];
const MARGIN = { top: 40, right: 24, bottom: 52, left: 76 };
const TICKS = 5;
const [INK, GRID, LINE] = ['#333', '#ddd', '#1f6feb'];

const escaped = (text: string): string => text.replace(/[&<>"]/g, (character) => `&#${character.charCodeAt(0)};`);

/** Round numbers from 0 to the first that isn't below `highest`, some five of them. */
export const ticksTo = (highest: number): readonly number[] => {
  if (!(highest > 0)) return [0, 1];
  const rough = highest / TICKS;
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = [1, 2, 2.5, 5, 10].map((each) => each * power).find((each) => each >= rough)!;
  return Array.from({ length: Math.ceil(highest / step) + 1 }, (_, i) => Number((i * step).toPrecision(6)));
};

const shown = (value: number): string => value.toLocaleString('en-US', { maximumFractionDigits: 3 });
const place = (value: number): string => String(Number(value.toFixed(1)));

type Anchor = 'start' | 'middle' | 'end';

const label = (x: number, y: number, text: string, anchor: Anchor = 'middle', more = ''): string =>
  `<text x="${place(x)}" y="${place(y)}" text-anchor="${anchor}"${more}>${escaped(text)}</text>`;

const grid = (x1: number, y1: number, x2: number, y2: number): string =>
  `<line x1="${place(x1)}" y1="${place(y1)}" x2="${place(x2)}" y2="${place(y2)}" stroke="${GRID}"/>`;

/** Draws a curve; both axes begin at 0, so that what looks level is level. */
export const plot = ({ title, x, y, points }: Curve): string => {
  const [bottom, right] = [HEIGHT - MARGIN.bottom, WIDTH - MARGIN.right];
  const [xTicks, yTicks] = [ticksTo(Math.max(0, ...points.map(([at]) => at))), ticksTo(Math.max(0, ...points.map(([, value]) => value)))];
  const xOf = (value: number): number => MARGIN.left + (value / xTicks.at(-1)!) * (right - MARGIN.left);
  const yOf = (value: number): number => bottom - (value / yTicks.at(-1)!) * (bottom - MARGIN.top);
  const drawn = points.map(([at, value]) => [place(xOf(at)), place(yOf(value))] as const);
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${HEIGHT}" role="img" font-family="sans-serif" font-size="12" fill="${INK}">`,
    `<title>${escaped(title)}</title>`,
    `<rect width="${WIDTH}" height="${HEIGHT}" fill="#fff"/>`,
    label(MARGIN.left, 22, title, 'start', ' font-size="14" font-weight="bold"'),
    ...yTicks.flatMap((tick) => [grid(MARGIN.left, yOf(tick), right, yOf(tick)), label(MARGIN.left - 8, yOf(tick) + 4, shown(tick), 'end')]),
    ...xTicks.flatMap((tick) => [grid(xOf(tick), MARGIN.top, xOf(tick), bottom), label(xOf(tick), bottom + 18, shown(tick))]),
    label((MARGIN.left + right) / 2, HEIGHT - 12, x),
    label(0, 0, y, 'middle', ` transform="translate(16 ${place((MARGIN.top + bottom) / 2)}) rotate(-90)"`),
    `<polyline points="${drawn.map((point) => point.join()).join(' ')}" fill="none" stroke="${LINE}" stroke-width="2"/>`,
    ...drawn.map(([cx, cy]) => `<circle cx="${cx}" cy="${cy}" r="3" fill="${LINE}"/>`),
    '</svg>\n',
  ].join('\n');
};
