/** Metrics for Prometheus, fed by what the stages announce. Labels are bounded: types, priorities, outcomes, never ids. */
import type { Clock } from '../ports/clock';
import type { Listen } from '../ports/happenings';
import type { LiveWorker } from '../ports/leases';
import type { Lag } from '../ports/transport';
import type { ConnectionUse } from './connectionMetrics';
import { connectionMetrics } from './connectionMetrics';
import { executionMetrics } from './executionMetrics';
import type { HealthReport } from './health';
import { keptBackMetrics, type KeptBackNeeds } from './keptBackMetrics';
import { deliveryMetrics, type DeliveryMetricsNeeds } from './deliveryMetrics';
import { leaderMetrics } from './leaderMetrics';
import { loopLagMetrics } from './loopLagMetrics';
import { createMeters, type Described, type Making, type Teller } from './meters';
import { queueMetrics, type Census } from './queueMetrics';
import { resultMetrics } from './resultMetrics';
import { retentionMetrics } from './retentionMetrics';
import { scheduleMetrics } from './scheduleMetrics';
import { scalingMetrics } from './scalingMetrics';
import { serviceMetrics } from './serviceMetrics';
import { stepMetrics } from './stepMetrics';
import { streamMetrics } from './streamMetrics';
import { tracingMetrics } from './tracingMetrics';

export interface MetricsNeeds extends KeptBackNeeds, DeliveryMetricsNeeds {
  readonly listen: Listen;
  readonly clock: Pick<Clock, 'monotonic' | 'after'>;
  readonly tellers: ReadonlySet<Teller>;
  readonly process: { readonly role: string; readonly version: string };
  /** The task types of this deployment: their series exist from the start. */
  readonly types: readonly string[];
  /** Only in a process that schedules. */
  readonly census?: () => Census;
  readonly workers?: () => readonly LiveWorker[];
  readonly dags?: () => ReadonlyMap<string, number>;
  readonly shards?: () => number;
  readonly streamClients?: () => number;
  /** Only in a process that has a database. */
  readonly connections?: () => readonly ConnectionUse[];
  /** Only in a process that reads from Kafka. */
  readonly lags?: (() => Promise<readonly Lag[]>) | undefined;
  /** Only in a process that works: how many tasks it runs at once. */
  readonly slots?: number;
  readonly health?: () => Promise<HealthReport>;
}

export interface Metrics {
  readonly contentType: string;
  /** All metrics in Prometheus' text format. */
  text(): Promise<string>;
  readonly described: () => readonly Described[];
}

/** Makes the metrics of one process, in a registry of their own. */
export const createMetrics = (needs: MetricsNeeds): Metrics => {
  const meters = createMeters(needs.tellers);
  const { registry } = meters;
  const making: Making = { meters, listen: needs.listen };
  queueMetrics(making, needs);
  executionMetrics(making, needs);
  resultMetrics(making, needs.clock);
  stepMetrics(making);
  leaderMetrics(making, needs.workers);
  scalingMetrics(making);
  scheduleMetrics(making);
  keptBackMetrics(making, needs);
  connectionMetrics(making, needs.connections);
  retentionMetrics(making);
  streamMetrics(making, needs.streamClients);
  deliveryMetrics(making, needs);
  tracingMetrics(making);
  serviceMetrics(making, needs);
  loopLagMetrics(meters, needs.clock);
  return { contentType: registry.contentType, text: () => registry.metrics(), described: meters.described };
};
