/** Recorded workflows in files: a WfFormat document, or slim workflows, one a line; either may be packed by gzip. */
import type { Readable } from 'node:stream';
import { type DagSubmission, fromWorkflow, isWorkflow, type WorkflowOptions } from '../sdk';
import { parseJson, readText } from './documents';
import { usageError } from './exitCodes';

interface Placed {
  readonly place: string;
  readonly document: unknown;
}

export interface Workflow {
  /** Its file, and its line where the file has several. */
  readonly place: string;
  readonly submission: DagSubmission;
}

/** The document of a file, or those of its lines where the whole is none. */
const documentsOf = (text: string, file: string): readonly Placed[] => {
  const lines = text.split('\n').flatMap((line, i) => (line.trim() === '' ? [] : [{ place: `${file}:${String(i + 1)}`, line }]));
  const isOnePerLine =
    /\.ndjson(\.gz)?$/.test(file) || (lines.length > 1 && lines.every(({ line }) => line.startsWith('{') && line.trimEnd().endsWith('}')));
  return isOnePerLine
    ? lines.map(({ place, line }) => ({ place, document: parseJson(line, place) }))
    : [{ place: file, document: parseJson(text, file) }];
};

const submissionOf = ({ place, document }: Placed, options: WorkflowOptions): DagSubmission => {
  if (!isWorkflow(document))
    throw usageError(`${place} is no recorded workflow (WfFormat 1.5, or {"source", "tasks": [[name, parents, seconds], …]} a line)`);
  try {
    return fromWorkflow(document, options);
  } catch (error) {
    throw usageError(`${place}: ${error instanceof Error ? error.message : String(error)}`);
  }
};

/** The workflows of one file, or of the standard input for `-`. */
export const readWorkflows = async (file: string, stdin: Readable, options: WorkflowOptions): Promise<readonly Workflow[]> =>
  documentsOf(await readText(file, stdin), file).map((placed) => ({ place: placed.place, submission: submissionOf(placed, options) }));
