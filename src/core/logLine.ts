/** A line of a task's log, and what is done to it before it leaves the worker. */
import type { Redaction } from './redact';

export const LINE_LEVELS = ['debug', 'info', 'warn', 'error'] as const;
export type LineLevel = (typeof LINE_LEVELS)[number];
/** `log`: by the handler's logger; the others: printed. */
export const LINE_STREAMS = ['log', 'stdout', 'stderr'] as const;
export type LineStream = (typeof LINE_STREAMS)[number];

export interface LogLine {
  /** Milliseconds since 1970. */
  readonly at: number;
  readonly level: LineLevel;
  readonly stream: LineStream;
  readonly text: string;
  /** JSON text of an object; null for none. */
  readonly fields: string | null;
  /** Lines right before this one that were dropped on its way. */
  readonly skipped: number;
}

const withErrors = (_key: string, value: unknown): unknown =>
  value instanceof Error ? { ...Object.fromEntries(Object.entries(value)), name: value.name, message: value.message, stack: value.stack } : value;

/** Null where there are none, or JSON has no text for them: a log line must not end an attempt. */
export const fieldsText = (fields: Readonly<Record<string, unknown>> | undefined): string | null => {
  try {
    const text = JSON.stringify(fields, withErrors) as string | undefined;
    return text ?? null;
  } catch {
    return null;
  }
};

const CUT = ' … (cut)';
const encoder = new TextEncoder();

/** At most so many bytes of UTF-8, with a mark where something was cut. */
const cutAt = (text: string, bytes: number): string => {
  // No unit takes more than three bytes.
  if (text.length * 3 <= bytes) return text;
  const { read } = encoder.encodeInto(text, new Uint8Array(bytes));
  return read === text.length ? text : `${text.slice(0, read)}${CUT}`;
};

/** Fields as a whole, or a word instead of them where they are too long. */
export const cutFields = (fields: string, bytes: number): string =>
  fields.length > bytes ? JSON.stringify({ cut: `the fields had ${String(fields.length)} characters of JSON` }) : fields;

/** A line as it travels and is stored: an array without the names, as JSON text. Each of its two parts has `bytes` at most. */
export const packLine = ({ at, level, stream, text, fields }: LogLine, bytes: number, redaction: Redaction): string =>
  JSON.stringify([
    at,
    LINE_LEVELS.indexOf(level),
    LINE_STREAMS.indexOf(stream),
    cutAt(redaction.text(text), bytes),
    ...(fields === null ? [] : [redaction.value(JSON.parse(cutFields(fields, bytes)))]),
  ]);

export interface StoredLine {
  readonly at: number;
  readonly level: LineLevel;
  readonly stream: LineStream;
  readonly text: string;
  readonly fields: unknown;
}

type Packed = readonly [at: number, level: number, stream: number, text: string, fields?: unknown];

/** The lines of a chunk: JSON text of an array of packed ones. */
export const unpackLines = (lines: string): StoredLine[] =>
  (JSON.parse(lines) as Packed[]).map(([at, level, stream, text, fields = null]) => ({
    at,
    level: LINE_LEVELS[level] ?? 'info',
    stream: LINE_STREAMS[stream] ?? 'log',
    text,
    fields,
  }));
