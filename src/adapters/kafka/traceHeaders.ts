/**
 * Contexts of traces in a record's headers. A record holds many tasks, or many reports, and headers know nothing of that: one that
 * holds a single one has W3C's `traceparent`, any other `traceparents`, with commas between them in their order and nothing where
 * one has none.
 */
import type { IHeaders } from 'kafkajs';
import { parseTraceparent } from '../../core/trace';

export type TraceHeaders = Readonly<Record<string, string>>;

const ONE = 'traceparent';
const MANY = 'traceparents';

/** For the entries of one record, in their order. */
export const traceHeaders = (contexts: readonly (string | undefined)[]): TraceHeaders =>
  contexts.length === 1 ? { [ONE]: contexts[0] ?? '' } : { [MANY]: contexts.join(',') };

const textOf = (header: IHeaders[string]): string | undefined => (Buffer.isBuffer(header) ? header.toString('latin1') : undefined);

const known = (text: string): string | undefined => (parseTraceparent(text) === undefined ? undefined : text);

/** The contexts of a record's entries; undefined where it brings none. What is no context counts as none. */
export const tracesIn = (headers: IHeaders | undefined): readonly (string | undefined)[] | undefined => {
  if (headers === undefined) return undefined;
  const many = textOf(headers[MANY]);
  if (many !== undefined) return many.split(',').map(known);
  const one = textOf(headers[ONE]);
  return one === undefined ? undefined : [known(one)];
};
