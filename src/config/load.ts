/** From raw values to one typed, validated, frozen configuration, or to all complaints about it together. */
import { fairnessContradictions } from './fairness';
import { autoscalingContradictions } from './autoscaling';
import { notificationContradictions } from './notifications';
import { maskUrl } from './mask';
import { isExpected } from './readers';
import { retentionContradictions } from './retention';
import type { Setting } from './setting';
import { fallbackOf, rows } from './settings';
import { resolveSimulation } from './simulation';
import type { Config, Role } from './shape';
import { gather, type Given, type Sources } from './sources';

export type Loaded =
  | { readonly config: Config; /** By path: `default`, a file, a variable or a flag. */ readonly origins: ReadonlyMap<string, string> }
  | { readonly problems: readonly string[] };

interface Settled {
  readonly values: Map<string, unknown>;
  readonly origins: Map<string, string>;
  readonly problems: string[];
}

const shown = (raw: unknown, secret: Setting<unknown>['secret']): string => {
  if (secret !== undefined) return secret === 'parts' && typeof raw === 'string' ? maskUrl(raw) : 'the given value';
  const json = typeof raw === 'number' ? String(raw) : JSON.stringify(raw);
  return json.length > 80 ? `${json.slice(0, 80)}…` : json;
};

const settle = (role: Role, given: readonly Given[]): Settled => {
  const settled: Settled = { values: new Map(), origins: new Map(), problems: [] };
  const byPath = groupByPath(given);
  for (const { path, setting } of rows) {
    settled.values.set(path, fallbackOf(setting, role));
    settled.origins.set(path, 'default');
    for (const { raw, origin } of byPath.get(path) ?? []) {
      const reading = setting.reader.read(raw);
      if (isExpected(reading)) {
        settled.problems.push(`${origin}: ${path}: ${shown(raw, setting.secret)} is not ${reading.expected}`);
        continue;
      }
      settled.values.set(path, setting.merge ? setting.merge(settled.values.get(path), reading.value) : reading.value);
      settled.origins.set(path, origin);
    }
  }
  return settled;
};

const groupByPath = (given: readonly Given[]): Map<string, Given[]> => {
  const groups = new Map<string, Given[]>();
  for (const one of given) groups.set(one.path, [...(groups.get(one.path) ?? []), one]);
  return groups;
};

/** Nests `a.b.c` paths. */
const assemble = (role: Role, values: ReadonlyMap<string, unknown>): Config => {
  const root: Record<string, unknown> = { role };
  for (const [path, value] of values) {
    const keys = path.split('.');
    const last = keys.pop() ?? '';
    let node = root;
    for (const key of keys) node = (node[key] ??= {}) as Record<string, unknown>;
    node[last] = value;
  }
  // The table's type ties each row's value to the field of Config at the same path.
  const config = root as unknown as Config;
  const { worker } = config;
  const types = [...new Set([...worker.types, ...worker.handlers.map(({ type }) => type)])];
  return { ...config, worker: { ...worker, types }, simulation: resolveSimulation(config.simulation, worker.types) };
};

/** What no single value shows: pairs that contradict each other. Each complaint names both, and the way out. */
const contradictions = ({ leases, scheduler, kafka, breaker, retries: { backoff } }: Config, of: (path: string) => string): string[] => [
  ...(leases.leaseMs < 3 * leases.heartbeatMs
    ? [
        `leases.leaseMs ${String(leases.leaseMs)} (${of('leases.leaseMs')}) must be at least three times leases.heartbeatMs ${String(leases.heartbeatMs)} (${of('leases.heartbeatMs')}): raise it to ${String(3 * leases.heartbeatMs)}, or let workers beat more often`,
      ]
    : []),
  ...(scheduler.shardLeaseMs < 3 * scheduler.renewMs
    ? [
        `scheduler.shardLeaseMs ${String(scheduler.shardLeaseMs)} (${of('scheduler.shardLeaseMs')}) must be at least three times scheduler.renewMs ${String(scheduler.renewMs)} (${of('scheduler.renewMs')}): raise it to ${String(3 * scheduler.renewMs)}, or renew more often`,
      ]
    : []),
  ...(kafka.topics.queue.name === kafka.topics.events.name
    ? [
        `kafka.topics.queue.name (${of('kafka.topics.queue.name')}) and kafka.topics.events.name (${of('kafka.topics.events.name')}) are both "${kafka.topics.queue.name}": give each topic a name of its own`,
      ]
    : []),
  ...(backoff.maxMs < backoff.initialMs
    ? [
        `retries.backoff.maxMs ${String(backoff.maxMs)} (${of('retries.backoff.maxMs')}) is less than retries.backoff.initialMs ${String(backoff.initialMs)} (${of('retries.backoff.initialMs')}): raise it`,
      ]
    : []),
  ...(breaker.maxCoolDownMs < breaker.coolDownMs
    ? [
        `breaker.maxCoolDownMs ${String(breaker.maxCoolDownMs)} (${of('breaker.maxCoolDownMs')}) is less than breaker.coolDownMs ${String(breaker.coolDownMs)} (${of('breaker.coolDownMs')}): raise it`,
      ]
    : []),
  ...(breaker.tasks > breaker.attempts
    ? [
        `breaker.tasks ${String(breaker.tasks)} (${of('breaker.tasks')}) is more than breaker.attempts ${String(breaker.attempts)} (${of('breaker.attempts')}), so that it would never trip: lower it`,
      ]
    : []),
];

const deepFreeze = <T>(value: T): T => {
  if (typeof value === 'object' && value !== null && !Object.isFrozen(value)) {
    Object.freeze(value);
    for (const child of Object.values(value)) deepFreeze(child);
  }
  return value;
};

/** Loads the configuration of a process with the given role. Reads the YAML files of `configDir`, and nothing else. */
export const loadConfig = (role: Role, sources: Sources): Loaded => {
  const { given, problems } = gather(role, sources);
  const settled = settle(role, given);
  const config = assemble(role, settled.values);
  const of = (path: string): string => settled.origins.get(path) ?? 'default';
  const all = [
    ...problems,
    ...settled.problems,
    ...contradictions(config, of),
    ...autoscalingContradictions(config, of),
    ...notificationContradictions(config, of),
    ...fairnessContradictions(config, of),
    ...retentionContradictions(config, of),
  ];
  return all.length > 0 ? { problems: all } : { config: deepFreeze(config), origins: settled.origins };
};
