/** The results as a table for people and as JSON for programs. */
import { writeFileSync } from 'node:fs';
import type { Verdict } from './judge';

const COLUMNS = ['fault', 'inFlight', 'recoveryMsP50', 'recoveryMsMax', 'lost', 'overlapped', 'wrong'] as const;
const HEADS: Readonly<Record<(typeof COLUMNS)[number], string>> = {
  fault: 'fault',
  inFlight: 'in flight',
  recoveryMsP50: 'recovery p50, ms',
  recoveryMsMax: 'max, ms',
  lost: 'lost',
  overlapped: 'at once',
  wrong: 'wrong',
};

/** A table in Markdown. */
export const tableOf = (verdicts: readonly Verdict[]): string => {
  const line = (cells: readonly unknown[]): string => `| ${cells.join(' | ')} |`;
  const rows = verdicts.map((verdict) => line(COLUMNS.map((column) => verdict[column])));
  return [line(COLUMNS.map((column) => HEADS[column])), line(COLUMNS.map((column) => (column === 'fault' ? '---' : '--:'))), ...rows].join('\n');
};

/** Writes a value as JSON beside the file that CHAOS_JSON names, or into it where there is no `part`. */
const keep = (value: object, part?: string): void => {
  const file = process.env['CHAOS_JSON'];
  if (file === undefined || file === '') return;
  writeFileSync(part === undefined ? file : file.replace(/(\.json)?$/, `.${part}.json`), `${JSON.stringify(value, null, 2)}\n`);
};

/**
 * Shows the table, and writes `{"faults": […]}` where CHAOS_JSON names a file; `part` goes into the name of another suite's
 * file, so that they don't overwrite each other.
 */
export const publish = (verdicts: readonly Verdict[], part?: string): void => {
  process.stdout.write(`\n${tableOf(verdicts)}\n`);
  keep({ faults: verdicts }, part);
};

/** What a run at full speed came to. */
export interface Speed {
  readonly seconds: number;
  readonly tasks: number;
  readonly lostTasks: number;
  readonly lostWorkers: number;
}

export const publishSpeed = (speed: Speed): void => {
  keep({ speed }, 'speed');
};
