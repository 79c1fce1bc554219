/**
 * The breaker: sees that the handlers of a task type fail everywhere, and when they work again. It decides only; who asks
 * writes the gate. One success in a row of failures begins the row anew, so that a rate of failures never trips it.
 */
import type { TaskError } from './dag';
import type { Dispatched } from './event';
import type { Gate } from './gates';
import type { DagId } from './ids';
import type { Ran } from './runTimes';

export interface BreakerSettings {
  readonly enabled: boolean;
  /** So many attempts in a row must have failed. */
  readonly attempts: number;
  /** They must have been of so many different tasks. */
  readonly tasks: number;
  /** Milliseconds from a trip to the first probes; twice as long after each further trip. */
  readonly coolDownMs: number;
  readonly maxCoolDownMs: number;
  /** Tasks that are let through to see whether the type works again. */
  readonly probes: number;
}

/** How one attempt ended that a worker reported on. */
export interface Outcome extends Dispatched {
  readonly type: string;
  readonly worker: string;
  /** Null where it completed. */
  readonly error: Pick<TaskError, 'kind' | 'message'> | null;
  /** How long it ran; absent where it failed. */
  readonly ran?: Ran;
}

/** What is to become of a type's quarantine, if it is still as it was judged: `trips` of it, 0 for none. */
export type Verdict =
  | { readonly do: 'trip'; readonly type: string; readonly trips: number; readonly coolDownMs: number; readonly reason: string }
  | { readonly do: 'lift'; readonly type: string; readonly trips: number };

/** What is known of an outcome's type as it is judged. */
export interface Circumstances {
  /** In force; undefined for none. */
  readonly quarantine: Gate | undefined;
  readonly probing: boolean;
  /** Live workers that run the type. */
  readonly workers: number;
}

export interface Breaker {
  judge(outcome: Outcome, circumstances: Circumstances): Verdict | undefined;
  /** Whether another probe may be sent; `isOut` tells which of those that were are still with a worker. */
  mayProbe(quarantine: Gate, isOut: (probe: Dispatched) => boolean): boolean;
  /** A task is sent as a probe. */
  probe(quarantine: Gate, probe: Dispatched): void;
  /** A quarantine began or ended: what was seen of the type counts no more. */
  forget(type: string): void;
}

/** Failures that tell of a handler; the others tell of the infrastructure, or of nobody. */
const COUNTED: ReadonlySet<TaskError['kind']> = new Set(['HANDLER', 'TIMEOUT', 'OUT_OF_MEMORY', 'KILLED']);

interface Failure {
  readonly dag: DagId;
  readonly task: number;
  readonly worker: string;
}

interface Probing {
  /** Of the quarantine that is probed. */
  readonly trips: number;
  readonly since: number;
  sent: Dispatched[];
  failed: number;
}

const distinct = <T>(all: readonly T[], of: (each: T) => string): number => new Set(all.map(of)).size;

const isSame = (one: Dispatched, other: Dispatched): boolean => one.dag === other.dag && one.task === other.task && one.dispatch === other.dispatch;

export const createBreaker = ({ enabled, attempts, tasks, coolDownMs, maxCoolDownMs, probes }: BreakerSettings): Breaker => {
  const rows = new Map<string, Failure[]>();
  const probings = new Map<string, Probing>();
  // One poisonous DAG alone never fills the row.
  const mostOfDag = Math.floor(attempts / 2);

  const coolDownOf = (trips: number): number => Math.min(maxCoolDownMs, coolDownMs * 2 ** Math.min(trips - 1, 30));

  const add = (type: string, failure: Failure): readonly Failure[] => {
    const row = rows.get(type) ?? [];
    rows.set(type, row);
    const ofDag = row.filter(({ dag }) => dag === failure.dag);
    if (ofDag.length >= mostOfDag) row.splice(row.indexOf(ofDag[0]!), 1);
    row.push(failure);
    if (row.length > attempts) row.shift();
    return row;
  };

  const isEverywhere = (row: readonly Failure[], workers: number): boolean =>
    row.length >= attempts &&
    distinct(row, ({ dag, task }) => `${dag} ${String(task)}`) >= tasks &&
    distinct(row, ({ worker }) => worker) >= Math.min(2, workers);

  const watch = ({ type, dag, task, worker, error }: Outcome, workers: number): Verdict | undefined => {
    if (error === null) rows.delete(type);
    if (error === null || !COUNTED.has(error.kind)) return undefined;
    if (!isEverywhere(add(type, { dag, task, worker }), workers)) return undefined;
    rows.delete(type);
    return { do: 'trip', type, trips: 0, coolDownMs: coolDownOf(1), reason: error.message };
  };

  const probingOf = ({ name, trips, since }: Gate): Probing => {
    const known = probings.get(name);
    if (known?.trips === trips && known.since === since) return known;
    const fresh: Probing = { trips, since, sent: [], failed: 0 };
    probings.set(name, fresh);
    return fresh;
  };

  const judgeProbe = (outcome: Outcome, quarantine: Gate): Verdict | undefined => {
    const { type, error } = outcome;
    const { trips } = quarantine;
    if (error === null) return { do: 'lift', type, trips };
    const probing = probingOf(quarantine);
    // What was sent before the trip fails as it was bound to.
    if (!COUNTED.has(error.kind) || !probing.sent.some((probe) => isSame(probe, outcome))) return undefined;
    probing.sent = probing.sent.filter((probe) => !isSame(probe, outcome));
    probing.failed += 1;
    return probing.failed < probes ? undefined : { do: 'trip', type, trips, coolDownMs: coolDownOf(trips + 1), reason: error.message };
  };

  return {
    judge: (outcome, { quarantine, probing, workers }) => {
      if (quarantine === undefined) return enabled ? watch(outcome, workers) : undefined;
      return probing ? judgeProbe(outcome, quarantine) : undefined;
    },
    mayProbe: (quarantine, isOut) => {
      const { sent, failed } = probingOf(quarantine);
      return failed + sent.filter(isOut).length < probes;
    },
    probe: (quarantine, probe) => {
      const probing = probingOf(quarantine);
      // Those that were lost with their worker are never judged: a few are remembered, for the commit may be late.
      probing.sent = [...probing.sent, { dag: probe.dag, task: probe.task, dispatch: probe.dispatch }].slice(-10 * probes);
    },
    forget: (type) => {
      rows.delete(type);
      probings.delete(type);
    },
  };
};
