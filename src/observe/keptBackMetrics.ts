/** Metrics of what is kept back: behind gates and limits, and at the door. */
import { Counter, Gauge, type Registry } from 'prom-client';
import { GATE_SCOPES, type Gate } from '../core/gates';
import type { Limit } from '../core/limits';
import type { Listen } from '../ports/happenings';

/** What is asked of a process that schedules when its metrics are read; nothing in others. */
export interface KeptBackNeeds {
  /** Tasks of live DAGs that aren't final. */
  readonly openTasks?: () => number;
  readonly gates?: () => readonly { readonly gate: Pick<Gate, 'scope' | 'state'>; readonly probing: boolean }[];
  readonly limits?: () => readonly { readonly limit: Pick<Limit, 'scope' | 'name' | 'maxRunning'>; readonly running: number | null }[];
}

interface Making {
  readonly registry: Registry;
  readonly listen: Listen;
}

const gateMetrics = ({ registry, listen }: Making, gates: KeptBackNeeds['gates']): void => {
  const shut: Gauge<'scope' | 'state'> = new Gauge({
    name: 'gates_closed',
    help: 'What is not handed out: paused, in quarantine, or probing after one; by scope (all, type, pool).',
    labelNames: ['scope', 'state'],
    registers: [registry],
    collect: () => {
      if (gates === undefined) return;
      for (const scope of GATE_SCOPES) shut.set({ scope, state: 'paused' }, 0);
      for (const state of ['quarantined', 'probing']) shut.set({ scope: 'type', state }, 0);
      for (const { gate, probing } of gates()) shut.inc({ scope: gate.scope, state: probing ? 'probing' : gate.state.toLowerCase() });
    },
  });
  const trips = new Counter({
    name: 'breaker_trips_total',
    help: 'Quarantines that this process began because the handlers of a type failed everywhere.',
    labelNames: ['type'],
    registers: [registry],
  });
  listen('gate.shut', ({ state, name }) => {
    if (state === 'QUARANTINED') trips.inc({ type: name });
  });
};

/** One series for each row of limits, which operators write; DAGs' own limits and keys of rates have none. */
const limitMetrics = ({ registry, listen }: Making, limits: KeptBackNeeds['limits']): void => {
  const running: Gauge<'scope' | 'name'> = new Gauge({
    name: 'limit_running',
    help: 'Tasks that run under a limit of the cluster, or are on their way.',
    labelNames: ['scope', 'name'],
    registers: [registry],
    collect: () => {
      running.reset();
      most.reset();
      for (const { limit, running: count } of limits?.() ?? []) {
        if (limit.maxRunning === null) continue;
        most.set({ scope: limit.scope, name: limit.name }, limit.maxRunning);
        if (count !== null) running.set({ scope: limit.scope, name: limit.name }, count);
      }
    },
  });
  const most: Gauge<'scope' | 'name'> = new Gauge({
    name: 'limit_max_running',
    help: 'Tasks that may run under a limit of the cluster at once.',
    labelNames: ['scope', 'name'],
    registers: [registry],
  });
  const refused = new Counter({
    name: 'limit_refusals_total',
    help: 'Tasks that were kept back because a limit was full, or a rate used up; by scope (pool, type, dag, rate).',
    labelNames: ['scope'],
    registers: [registry],
  });
  listen('task.limited', ({ scope }) => {
    refused.inc({ scope });
  });
};

/** What this process takes, and what it turns away. */
const admissionMetrics = ({ registry, listen }: Making, openTasks: KeptBackNeeds['openTasks']): void => {
  const refused = new Counter({
    name: 'submissions_refused_total',
    help: 'Submissions that were told to come again, because too many tasks were open (backlog) or storing what waited took too long (storage).',
    labelNames: ['reason'],
    registers: [registry],
  });
  listen('submission.refused', ({ reason }) => {
    refused.inc({ reason });
  });
  if (openTasks === undefined) return;
  for (const reason of ['backlog', 'storage']) refused.inc({ reason }, 0);
  const open: Gauge = new Gauge({
    name: 'open_tasks',
    help: 'Tasks that are not final in the DAGs of this scheduler.',
    registers: [registry],
    collect: () => {
      open.set(openTasks());
    },
  });
};

/** Adds them to a registry. */
export const keptBackMetrics = (making: Making, { gates, limits, openTasks }: KeptBackNeeds): void => {
  gateMetrics(making, gates);
  limitMetrics(making, limits);
  admissionMetrics(making, openTasks);
};
