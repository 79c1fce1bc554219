/** Where the commands write, and what the place can show. */
import { createPaint, type Paint } from './render/paint';
import { columnsOf } from './render/width';

export interface Terminal {
  /** Results. A line end is added. */
  out(text: string): void;
  /** Remarks that are no result. A line end is added. */
  note(text: string): void;
  /** Replaces what the last `redraw` wrote; only on a TTY. */
  redraw(lines: readonly string[]): void;
  readonly isTty: boolean;
  /** As they are at this moment: people change the sizes of windows. */
  readonly columns: number;
  readonly rows: number;
  readonly paint: Paint;
}

/** What a terminal needs of a process's streams. */
export interface Streams {
  readonly stdout: { write(text: string): unknown; readonly isTTY?: boolean; readonly columns?: number; readonly rows?: number };
  readonly stderr: { write(text: string): unknown };
  readonly colours: boolean;
}

const PIECES = /\x1b\[[0-9;]*m|[^\x1b]/gu;

/** Cuts a line at so many columns; colours don't count and are closed. */
export const clip = (line: string, columns: number): string => {
  let seen = 0;
  let kept = '';
  for (const [piece] of line.matchAll(PIECES)) {
    const before = seen;
    if (!piece.startsWith('\x1b')) seen += columnsOf(piece);
    if (piece.startsWith('\x1b') || seen < columns) kept += piece;
    else if (before < columns) kept += '…';
  }
  return seen > columns ? kept : line;
};

const CONTROLS = /(\x1b\[[0-9;]*m)|[\x00-\x08\x0b-\x1f\x7f-\x9f]/gu;

/** Text that can colour a terminal and nothing else: names and errors come from other people. Line ends and tabs stay. */
export const harmless = (text: string): string => text.replace(CONTROLS, (_, colour: string | undefined) => colour ?? '\ufffd');

export const createTerminal = ({ stdout, stderr, colours }: Streams): Terminal => {
  let drawn = 0;
  const columns = (): number => stdout.columns ?? 100;
  const rows = (): number => stdout.rows ?? 24;
  return {
    out: (text) => {
      drawn = 0;
      stdout.write(`${harmless(text)}\n`);
    },
    note: (text) => void stderr.write(`${harmless(text)}\n`),
    redraw: (lines) => {
      const up = drawn > 0 ? `\x1b[${String(drawn)}A` : '';
      // What has left the screen above can't be drawn over, and the last row is the prompt's.
      const shown = lines.slice(0, Math.max(1, rows() - 1)).map((line) => clip(harmless(line).replace(/[\n\t]/g, ' '), columns()));
      stdout.write(`${up}\x1b[J${shown.join('\n')}\n`);
      drawn = shown.length;
    },
    isTty: stdout.isTTY === true,
    get columns() {
      return columns();
    },
    get rows() {
      return rows();
    },
    paint: createPaint(colours),
  };
};
