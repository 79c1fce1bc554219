/** Colours, and none where they aren't wanted. */
import type { DagView, TaskView } from '../../sdk';

const CODES = { bold: 1, dim: 2, red: 31, green: 32, yellow: 33, cyan: 36 } as const;

export type Paint = Readonly<Record<keyof typeof CODES, (text: string) => string>>;

export const createPaint = (colours: boolean): Paint => {
  const of = (code: number) => (text: string) => (colours && text !== '' ? `\x1b[${String(code)}m${text}\x1b[0m` : text);
  return { bold: of(CODES.bold), dim: of(CODES.dim), red: of(CODES.red), green: of(CODES.green), yellow: of(CODES.yellow), cyan: of(CODES.cyan) };
};

const MARKS: Readonly<Record<TaskView['status'], string>> = {
  PENDING: '○',
  QUEUED: '◌',
  RUNNING: '●',
  RETRYING: '↻',
  WAITING: '◌',
  CANCELLING: '◍',
  COMPLETED: '✔',
  FAILED: '✖',
  SKIPPED: '⊘',
  CANCELLED: '⊘',
};

const COLOURS: Readonly<Partial<Record<TaskView['status'] | DagView['status'], keyof Paint>>> = {
  RUNNING: 'cyan',
  RETRYING: 'yellow',
  COMPLETED: 'green',
  FAILED: 'red',
  PENDING: 'dim',
  SKIPPED: 'dim',
  CANCELLED: 'dim',
  PAUSED: 'yellow',
};

/** Text in the colour of a status. */
export const inStatusColour = (paint: Paint, status: TaskView['status'] | DagView['status'], text: string): string => {
  const colour = COLOURS[status];
  return colour === undefined ? text : paint[colour](text);
};

export const statusMark = (paint: Paint, status: TaskView['status']): string => inStatusColour(paint, status, MARKS[status]);
