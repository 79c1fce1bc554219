/** Metrics of what is kept back: behind gates and limits, and at the door. */
import { GATE_SCOPES, type Gate } from '../core/gates';
import type { HandOuts } from '../core/handOuts';
import type { Limit } from '../core/limits';
import type { Making, Sample } from './meters';

/** What is asked of a process that schedules when its metrics are read; nothing in others. */
export interface KeptBackNeeds {
  /** Tasks of live DAGs that aren't final. */
  readonly openTasks?: () => number;
  readonly gates?: () => readonly { readonly gate: Pick<Gate, 'scope' | 'state'>; readonly probing: boolean }[];
  readonly limits?: () => readonly { readonly limit: Pick<Limit, 'scope' | 'name' | 'maxRunning'>; readonly running: number | null }[];
  readonly handOuts?: () => HandOuts;
}

const by = ['scheduler'] as const;

const shutIn = (gates: ReturnType<NonNullable<KeptBackNeeds['gates']>>): Sample[] => {
  const counts = new Map<string, number>();
  for (const scope of GATE_SCOPES) counts.set(`${scope} paused`, 0);
  for (const state of ['quarantined', 'probing']) counts.set(`type ${state}`, 0);
  for (const { gate, probing } of gates) {
    const key = `${gate.scope} ${probing ? 'probing' : gate.state.toLowerCase()}`;
    counts.set(key, (counts.get(key) ?? 0) + 1);
  }
  return [...counts].map(([key, count]) => {
    const [scope = '', state = ''] = key.split(' ');
    return [count, { scope, state }];
  });
};

const gateMetrics = ({ meters, listen }: Making, gates: KeptBackNeeds['gates']): void => {
  meters.gauge({
    name: 'gates_closed',
    help: 'What is not handed out: paused, in quarantine, or probing after one; by scope (all, type, pool).',
    unit: 'gates',
    labels: ['scope', 'state'],
    by,
    read: () => (gates === undefined ? [] : shutIn(gates())),
  });
  const trips = meters.counter({
    name: 'breaker_trips_total',
    help: 'Quarantines that this process began because the handlers of a type failed everywhere.',
    unit: 'quarantines',
    labels: ['type'],
    by,
  });
  listen('gate.shut', ({ state, name }) => {
    if (state === 'QUARANTINED') trips.of(name).add();
  });
};

/** One series for each row of limits, which operators write; DAGs' own limits and keys of rates have none. */
const limitMetrics = ({ meters, listen }: Making, limits: KeptBackNeeds['limits']): void => {
  const told = { unit: 'tasks', labels: ['scope', 'name'], by } as const;
  const each = (value: (of: ReturnType<NonNullable<KeptBackNeeds['limits']>>[number]) => number | null) => (): Sample[] =>
    (limits?.() ?? []).flatMap((of) => {
      const count = of.limit.maxRunning === null ? null : value(of);
      return count === null ? [] : [[count, { scope: of.limit.scope, name: of.limit.name }] as const];
    });
  meters.gauge({
    ...told,
    name: 'limit_running',
    help: 'Tasks that run under a limit of the cluster, or are on their way.',
    read: each(({ running }) => running),
  });
  meters.gauge({
    ...told,
    name: 'limit_max_running',
    help: 'Tasks that may run under a limit of the cluster at once.',
    read: each(({ limit }) => limit.maxRunning),
  });
  const refused = meters.counter({
    name: 'limit_refusals_total',
    help: 'Tasks that were kept back because a limit was full, or a rate used up; by scope (pool, type, dag, rate).',
    unit: 'tasks',
    labels: ['scope'],
    by,
  });
  listen('task.limited', ({ scope }) => {
    refused.of(scope).add();
  });
};

/** One series for each flow that the configuration lists, and one for all others. */
const shareMetrics = ({ meters }: Making, handOuts: KeptBackNeeds['handOuts']): void => {
  meters.counter({
    name: 'handed_out_total',
    help: 'Tasks that were handed out: by their turn, because of a reserved share, or because of their age.',
    unit: 'tasks',
    labels: ['by'],
    by,
    read: () => Object.entries(handOuts?.().by ?? {}).map(([right, count]) => [count, { by: right }]),
  });
  meters.counter({
    name: 'flow_handed_out_total',
    help: 'Tasks that were handed out, by the tenants and names of DAGs that the configuration lists; of all others under the empty name.',
    unit: 'tasks',
    labels: ['flow'],
    by,
    read: () => [...(handOuts?.().flows ?? [])].map(([flow, count]) => [count, { flow }]),
  });
};

/** What this process takes, and what it turns away. */
const admissionMetrics = ({ meters, listen }: Making, openTasks: KeptBackNeeds['openTasks']): void => {
  const refused = meters.counter({
    name: 'submissions_refused_total',
    help: 'Submissions that were told to come again, because too many tasks were open (backlog) or storing what waited took too long (storage).',
    unit: 'submissions',
    labels: ['reason'],
    by,
  });
  for (const reason of ['backlog', 'storage']) refused.of(reason);
  listen('submission.refused', ({ reason }) => {
    refused.of(reason).add();
  });
  meters.gauge({
    name: 'open_tasks',
    help: 'Tasks that are not final in the DAGs of this scheduler.',
    unit: 'tasks',
    by,
    read: () => [[openTasks?.() ?? 0]],
  });
};

/** Adds them. */
export const keptBackMetrics = (making: Making, { gates, limits, openTasks, handOuts }: KeptBackNeeds): void => {
  shareMetrics(making, handOuts);
  gateMetrics(making, gates);
  limitMetrics(making, limits);
  admissionMetrics(making, openTasks);
};
