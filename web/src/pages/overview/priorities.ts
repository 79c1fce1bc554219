/** The queue as one curve for each priority. */
import type { History } from '../../api/overview';
import type { Line } from '../../charts/line';

const DASHES: readonly (readonly number[])[] = [[], [6, 3], [2, 3], [8, 3, 2, 3]];
const TONES = ['busy', 'waiting', 'warn', 'good'] as const;

/** The priorities that occur, the most important first; what there are more of are one line. */
export const priorityLines = (byPriority: History['queuedByPriority']): readonly Line[] => {
  const names = Object.keys(byPriority).sort((a, b) => Number(b) - Number(a));
  const shown = names.length > 4 ? names.slice(0, 3) : names;
  const rest = names.slice(shown.length);
  const lines = shown.map((name, i) => lineOf(`priority ${name}`, i, byPriority[name]!));
  if (rest.length === 0) return lines;
  const sum = byPriority[rest[0]!]!.map((_value, i) => {
    const values = rest.map((name) => byPriority[name]![i] ?? null);
    return values.every((value) => value === null) ? null : values.reduce<number>((all, value) => all + (value ?? 0), 0);
  });
  return [...lines, lineOf(`priority ${rest.at(-1)!}–${rest[0]!}`, 3, sum)];
};

const lineOf = (name: string, i: number, values: Line['values']): Line => ({ name, values, tone: TONES[i]!, dash: DASHES[i]! });
