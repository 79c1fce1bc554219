/** Where the commands write, and what the place can show. */
import { createPaint, type Paint } from './render/paint';

export interface Terminal {
  /** Results. A line end is added. */
  out(text: string): void;
  /** Remarks that are no result. A line end is added. */
  note(text: string): void;
  /** Replaces what the last `redraw` wrote; only on a TTY. */
  redraw(lines: readonly string[]): void;
  readonly isTty: boolean;
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

/** Cuts a line at so many visible characters; colours don't count and are closed. */
export const clip = (line: string, columns: number): string => {
  let seen = 0;
  let kept = '';
  for (const [piece] of line.matchAll(PIECES)) {
    if (piece.startsWith('\x1b')) kept += piece;
    else if (++seen < columns) kept += piece;
    else if (seen === columns) kept += '…';
  }
  return seen > columns ? kept : line;
};

const CONTROLS = /(\x1b\[[0-9;]*m)|[\x00-\x08\x0b-\x1f\x7f-\x9f]/gu;

/** Text that can colour a terminal and nothing else: names and errors come from other people. Line ends and tabs stay. */
export const harmless = (text: string): string => text.replace(CONTROLS, (_, colour: string | undefined) => colour ?? '\ufffd');

export const createTerminal = ({ stdout, stderr, colours }: Streams): Terminal => {
  let drawn = 0;
  const columns = stdout.columns ?? 100;
  return {
    out: (text) => {
      drawn = 0;
      stdout.write(`${harmless(text)}\n`);
    },
    note: (text) => void stderr.write(`${harmless(text)}\n`),
    redraw: (lines) => {
      const up = drawn > 0 ? `\x1b[${String(drawn)}A` : '';
      stdout.write(`${up}\x1b[J${lines.map((line) => clip(harmless(line).replaceAll('\n', ' '), columns)).join('\n')}\n`);
      drawn = lines.length;
    },
    isTty: stdout.isTTY === true,
    columns,
    rows: stdout.rows ?? 24,
    paint: createPaint(colours),
  };
};
