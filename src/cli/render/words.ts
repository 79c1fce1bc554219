/** Times, counts and bars in words, and words of others in lines of ours. */
import { padded, widthOf } from './width';

/** 850 ms, 1.2 s, 3 m 05 s, 2 h 10 m. */
export const durationText = (ms: number): string => {
  if (ms < 1_000) return `${String(Math.max(0, Math.round(ms)))} ms`;
  if (ms < 60_000) return `${(ms / 1_000).toFixed(1)} s`;
  const seconds = Math.floor(ms / 1_000);
  if (seconds < 3_600) return `${String(Math.floor(seconds / 60))} m ${String(seconds % 60).padStart(2, '0')} s`;
  return `${String(Math.floor(seconds / 3_600))} h ${String(Math.floor((seconds % 3_600) / 60)).padStart(2, '0')} m`;
};

export const count = (number: number, one: string, many = `${one}s`): string => `${String(number)} ${number === 1 ? one : many}`;

/** ██████░░░░ */
export const bar = (part: number, whole: number, width: number): string => {
  const full = whole === 0 ? 0 : Math.floor((part / whole) * width);
  return '█'.repeat(full) + '░'.repeat(width - full);
};

/** Names and reasons come from other people: in a line of ours they neither end it nor colour, hide or turn what follows. */
export const plain = (text: string): string => text.replace(/[\s\p{Cc}\p{Cf}]/gu, ' ');

/** One line, at most so long. */
export const shortened = (text: string, longest: number): string => {
  const line = plain(text).replace(/ +/g, ' ').trim();
  return line.length > longest ? `${line.slice(0, longest - 1)}…` : line;
};

/** Columns as wide as their widest cell; the last one isn't padded. */
export const table = (rows: readonly (readonly string[])[]): string[] => {
  const cells = rows.map((row) => row.map(plain));
  const widths = (cells[0] ?? []).map((_, i) => Math.max(...cells.map((row) => widthOf(row[i] ?? ''))));
  return cells.map((row) => row.map((cell, i) => (i === row.length - 1 ? cell : padded(cell, widths[i] ?? 0))).join('  '));
};
