/** The lines that a task logged, as they come in: pages first, then one by one. */

export interface LogLine {
  /** Where a reader goes on behind it. */
  readonly id: string;
  readonly attempt: number;
  readonly worker: string;
  readonly line: number;
  readonly time: string;
  readonly level: 'debug' | 'info' | 'warn' | 'error';
  readonly stream: 'log' | 'stdout' | 'stderr';
  readonly text: string;
  readonly fields: Readonly<Record<string, unknown>> | null;
  /** So many lines are missing here; null for a line. */
  readonly dropped: number | null;
}

/** More than this nobody scrolls through; the download has all. */
export const MOST_LINES = 2_000;

/** With the newer ones behind, each once; the oldest go where they become too many. */
export const withLines = (lines: readonly LogLine[], newer: readonly LogLine[]): readonly LogLine[] => {
  const known = new Set(lines.slice(-newer.length - MOST_LINES).map(({ id }) => id));
  const added = newer.filter(({ id }) => !known.has(id));
  return added.length === 0 ? lines : [...lines, ...added].slice(-MOST_LINES);
};

type Spoken = Pick<LogLine, 'attempt' | 'worker'>;
const isSameSpeaker = (one: Spoken, other: Spoken): boolean => one.attempt === other.attempt && one.worker === other.worker;

/** Who begins to speak with this line; undefined where that goes without saying: as before, or nobody else does. */
export const speakerAt = (lines: readonly Spoken[], at: number): string | undefined => {
  const [line, before, last] = [lines[at]!, lines[at - 1], lines.at(-1)!];
  if (before === undefined ? isSameSpeaker(line, last) : isSameSpeaker(line, before)) return undefined;
  return `Attempt ${line.attempt} on ${line.worker}`;
};

/** `14:05:09.042` in the reader's zone. */
export const clockText = (time: string): string => {
  const at = new Date(time);
  const [hours, minutes, seconds] = [at.getHours(), at.getMinutes(), at.getSeconds()].map((part) => String(part).padStart(2, '0'));
  return `${hours!}:${minutes!}:${seconds!}.${String(at.getMilliseconds()).padStart(3, '0')}`;
};

/** What a line says, with what came with it. */
export const lineText = ({ text, fields, dropped }: LogLine): string => {
  if (dropped !== null) return `… ${dropped} lines are missing here: more came than is kept`;
  return fields === null || Object.keys(fields).length === 0 ? text : `${text} ${JSON.stringify(fields)}`;
};
