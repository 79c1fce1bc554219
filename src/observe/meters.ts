/**
 * The metrics of one process, in prom-client's registry. Counters and histograms are counted here: prom-client looks the labels of each
 * observation up anew, which for what happens to each task costs more than a series that is kept at hand (docs/decisions/0024).
 */
import { Gauge, Registry, collectDefaultMetrics, type Metric } from 'prom-client';
import type { Listen } from '../ports/happenings';

/** Who tells a metric: every process, those that schedule, the one of these that leads, those that work. */
export type Teller = 'process' | 'scheduler' | 'leader' | 'worker';

export interface Definition {
  readonly name: string;
  readonly help: string;
  /** A base unit (seconds, bytes, ratio), or what is counted. */
  readonly unit: string;
  readonly by: readonly Teller[];
  /** Their values are of a set that doesn't grow with the work: never an id. */
  readonly labels?: readonly string[];
}

/** A metric as docs/metrics.md shows it. */
export interface Described extends Omit<Definition, 'by' | 'labels'> {
  readonly by: readonly Teller[];
  readonly labels: readonly string[];
  readonly type: 'counter' | 'gauge' | 'histogram';
}

/** What metrics are made with. */
export interface Making {
  readonly meters: Meters;
  readonly listen: Listen;
}

type Labels = Readonly<Record<string, string | number>>;
export type Sample = readonly [value: number, labels?: Labels];

/** One series of a counter. */
export interface Count {
  add(by?: number): void;
}

/** One series of a histogram. */
export interface Spread {
  observe(value: number): void;
}

/** All series of a metric: each is made when it is first asked for, and can be kept by whoever uses it often. */
export interface Family<Series> {
  of(...labels: readonly string[]): Series;
}

export interface GaugeDefinition extends Definition {
  /** All its series, read when the metrics are. Where it rejects there are none. */
  readonly read?: () => Iterable<Sample> | Promise<Iterable<Sample>>;
}

export interface HistogramDefinition extends Definition {
  readonly buckets: readonly number[];
  /** A second name of the same series. */
  readonly also?: Pick<Definition, 'name' | 'help' | 'unit'>;
}

export interface Meters {
  readonly registry: Registry;
  /** What this process tells. */
  readonly described: () => readonly Described[];
  /** With `read`, all its series are read when the metrics are. */
  counter(definition: Definition & { readonly read?: () => Iterable<Sample> }): Family<Count>;
  histogram(definition: HistogramDefinition): Family<Spread>;
  gauge(definition: GaugeDefinition): Gauge;
}

interface Counted extends Count {
  readonly labels: Labels;
  value: number;
}

const createCounted = (labels: Labels): Counted => {
  const counted: Counted = {
    labels,
    value: 0,
    add: (by = 1) => {
      counted.value += by;
    },
  };
  return counted;
};

interface Observed extends Spread {
  readonly labels: Labels;
  /** By bucket, the last one being for what is beyond all bounds. */
  readonly counts: Float64Array;
  sum: number;
}

const createObserved = (labels: Labels, bounds: readonly number[]): Observed => {
  const counts = new Float64Array(bounds.length + 1);
  const observed: Observed = {
    labels,
    counts,
    sum: 0,
    observe: (value) => {
      let i = 0;
      while (i < bounds.length && value > bounds[i]!) i++;
      counts[i]! += 1;
      observed.sum += value;
    },
  };
  return observed;
};

const familyOf = <Series>(names: readonly string[], make: (labels: Labels) => Series): Family<Series> & { all(): Iterable<Series> } => {
  const series = new Map<string, Series>();
  const of = (...values: readonly string[]): Series => {
    const key = values.length === 1 ? values[0]! : values.join('\u0000');
    let found = series.get(key);
    if (found === undefined) series.set(key, (found = make(Object.fromEntries(names.map((name, i) => [name, values[i] ?? ''])))));
    return found;
  };
  // What has no labels has its one series from the start.
  if (names.length === 0) of();
  return { of, all: () => series.values() };
};

const bucketsOf = (name: string, bounds: readonly number[], { labels, counts, sum }: Observed): object[] => {
  let count = 0;
  const buckets: object[] = bounds.map((le, i) => ({ metricName: `${name}_bucket`, labels: { le, ...labels }, value: (count += counts[i]!) }));
  count += counts[bounds.length]!;
  buckets.push({ metricName: `${name}_bucket`, labels: { le: '+Inf', ...labels }, value: count });
  return [...buckets, { metricName: `${name}_sum`, labels, value: sum }, { metricName: `${name}_count`, labels, value: count }];
};

/** Of prom-client's own metrics: names that say something else than Prometheus' conventions take them to say. */
const MISLEADING = ['nodejs_active_resources_total', 'nodejs_active_handles_total', 'nodejs_active_requests_total'];

/** What loopLagMetrics.ts tells in their place. */
const MEASURED_ELSEWHERE = ['min', 'max', 'mean', 'stddev', 'p50', 'p90', 'p99'].map((name) => `nodejs_eventloop_lag_${name}_seconds`);
const NEVER_MS = 2 ** 31 - 1;

const unitOf = (name: string): string => /_(seconds|bytes)(?:_|$)/.exec(name)?.[1] ?? 'count';

/** What prom-client tells of Node itself: CPU, memory, garbage, the lag of the event loop. */
const describeNode = (registry: Registry): Described[] => {
  collectDefaultMetrics({ register: registry, eventLoopMonitoringPrecision: NEVER_MS });
  for (const name of [...MISLEADING, ...MEASURED_ELSEWHERE]) registry.removeSingleMetric(name);
  return (registry.getMetricsAsArray() as unknown as (Described & { readonly labelNames?: readonly string[] })[]).map(
    ({ name, help, type, labelNames = [] }) => ({ name, help, type, unit: unitOf(name), labels: labelNames, by: ['process'] }),
  );
};

const readInto = (gauge: Gauge, read: NonNullable<GaugeDefinition['read']>): (() => Promise<void>) => {
  const none: Iterable<Sample> = [];
  return async () => {
    const samples = await Promise.resolve(none)
      .then(read)
      .catch(() => none);
    gauge.reset();
    for (const [value, labels = {}] of samples) gauge.set({ ...labels }, value);
  };
};

/** Makes the meters of a process that is so many tellers; what others tell is counted and not shown. */
export const createMeters = (tellers: ReadonlySet<Teller>): Meters => {
  const registry = new Registry();
  const described = describeNode(registry);

  const isTold = ({ by }: Definition): boolean => by.some((teller) => tellers.has(teller));
  const show = (definition: Definition, type: Described['type'], values: () => object[]): void => {
    if (!isTold(definition)) return;
    const { name, help } = definition;
    described.push({ ...definition, type, labels: definition.labels ?? [] });
    const metric = { name, help, type, aggregator: 'sum', get: () => Promise.resolve({ name, help, type, values: values(), aggregator: 'sum' }) };
    registry.registerMetric(metric as unknown as Metric);
  };
  return {
    registry,
    described: () => described,
    counter: ({ read, ...definition }) => {
      const family = familyOf(definition.labels ?? [], createCounted);
      const counted = (): object[] => [...family.all()].map(({ labels, value }) => ({ labels, value }));
      show(definition, 'counter', read === undefined ? counted : () => [...read()].map(([value, labels = {}]) => ({ labels, value })));
      return family;
    },
    histogram: ({ buckets, also, ...definition }) => {
      const family = familyOf(definition.labels ?? [], (labels) => createObserved(labels, buckets));
      const names = also === undefined ? [definition] : [definition, { ...definition, ...also }];
      for (const each of names) show(each, 'histogram', () => [...family.all()].flatMap((series) => bucketsOf(each.name, buckets, series)));
      return family;
    },
    gauge: ({ read, ...definition }) => {
      const { name, help, labels = [] } = definition;
      const gauge: Gauge = new Gauge({
        name,
        help,
        labelNames: [...labels],
        registers: isTold(definition) ? [registry] : [],
        ...(read === undefined ? {} : { collect: () => readInto(gauge, read)() }),
      });
      if (isTold(definition)) described.push({ ...definition, type: 'gauge', labels });
      return gauge;
    },
  };
};
