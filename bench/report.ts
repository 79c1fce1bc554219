/** Medians over the runs, as a table and as JSON. */
import os from 'node:os';
import { percentile, type Timing } from './measure';
import type { PeerName } from './peers';
import type { Reference } from './reference';
import type { StackName } from './stacks';

export interface Metrics {
  readonly tasksPerSecond?: number;
  readonly hopMsP50?: number;
  readonly hopMsP99?: number;
  readonly makespanMs?: number;
  readonly rssMb?: number;
}

export interface Figures {
  readonly workload: string;
  /** A peer runs on the services of `real`. */
  readonly stack: StackName;
  /** Which scheduler was measured: this one, or a peer. */
  readonly system: 'self' | PeerName;
  readonly metrics: Metrics;
  /** What a peer's answers have to survive, and its version. */
  readonly durability?: string;
  readonly version?: string;
}

export type Run = Timing & { readonly rssMb: number | undefined };

const NAMES = ['tasksPerSecond', 'hopMsP50', 'hopMsP99', 'makespanMs', 'rssMb'] as const;

const rounded = (value: number): number => Math.round(value * 100) / 100;

/** The median of each figure; a figure that a run hasn't got is left out. */
export const mediansOf = (runs: readonly Run[]): Metrics =>
  Object.fromEntries(
    NAMES.flatMap((name) => {
      const values = runs.flatMap((run) => run[name] ?? []);
      return values.length === 0 ? [] : [[name, rounded(percentile(values, 0.5))]];
    }),
  );

/** What it ran on, in one line. */
export const machine = (): string => {
  const processors = os.cpus();
  return `${processors.length} × ${processors[0]?.model.trim() ?? 'processor'}, ${(os.totalmem() / 2 ** 30).toFixed(0)} GB, ${os.type()} ${os.release()}, Node ${process.version}`;
};

export const row = (cells: readonly string[]): string => `| ${cells.join(' | ')} |`;

/** Milliseconds a hop differ after the point; nothing else does beyond what the machine's mood is. */
const shown = (name: keyof Metrics, value: number | undefined): string => {
  const digits = name.startsWith('hop') ? 1 : 0;
  return value?.toLocaleString('en-US', { minimumFractionDigits: digits, maximumFractionDigits: digits }) ?? '';
};

/** A Markdown table with a line for each workload and stack. */
export const table = (figures: readonly Figures[]): string =>
  [
    row(['workload', 'stack', 'tasks/s', 'ms a hop, p50', 'ms a hop, p99', 'makespan ms', 'memory MB']),
    row(['---', '---', '--:', '--:', '--:', '--:', '--:']),
    ...figures.map(({ workload, stack, system, metrics }) =>
      row([workload, system === 'self' ? stack : system, ...NAMES.map((name) => shown(name, metrics[name]))]),
    ),
  ].join('\n');

/** What the services did by themselves, in words. */
export const sentenceOf = ({
  postgresCommitsPerSecond,
  kafkaRoundTripMsP50,
  kafkaRecordsPerSecond,
  barePathMsP50,
  barePathMsP99,
}: Reference): string =>
  `PostgreSQL ${postgresCommitsPerSecond} commits/s on one connection, Kafka ${kafkaRoundTripMsP50} ms a round trip at the median and ${kafkaRecordsPerSecond} records/s in batches; ` +
  `a record, a claim in Redis and a record back ${barePathMsP50} ms at p50 and ${barePathMsP99} at p99, beside which a hop of W2 on real stands.`;

/** A line for each peer that was measured: its version, and how durable its answers are. */
export const peersIn = (figures: readonly Figures[]): readonly string[] => [
  ...new Set(figures.flatMap(({ system, version, durability }) => (system === 'self' ? [] : [`${system} ${version}: ${durability}`]))),
];
