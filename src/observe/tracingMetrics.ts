/** What becomes of the spans of a process. */
import type { Making } from './meters';

const OUTCOMES = ['exported', 'failed', 'dropped'] as const;

/** Adds them. */
export const tracingMetrics = ({ meters, listen }: Making): void => {
  const spans = meters.counter({
    name: 'trace_spans_total',
    help: 'Spans of this process by what became of them: exported, failed (the collector did not take them), dropped (too many waited).',
    unit: 'spans',
    labels: ['outcome'],
    by: ['process'],
  });
  for (const outcome of OUTCOMES) spans.of(outcome);
  listen('spans.over', ({ outcome, count }) => {
    spans.of(outcome).add(count);
  });
};
