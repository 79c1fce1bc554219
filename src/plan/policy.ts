/** Resolves what a task said, what its DAG said for all of them, and what the deployment says, in this order. */
import { DEFAULT_PRIORITY, type Backoff, type RetryPolicy, type Simulation, type TaskDefaults, type TaskOptions } from '../core/dag';
import type { RateLimit } from '../core/limits';
import type { SubmittedPolicy } from './submitted';

type Partly<T> = { readonly [K in keyof T]?: T[K] | null | undefined };

/** The fields of `partial` that were said. */
const said = <T extends object>(partial: Partly<T> | null | undefined): Partial<T> =>
  Object.fromEntries(Object.entries(partial ?? {}).filter(([, value]) => value !== null && value !== undefined)) as Partial<T>;

const retryOf = (policy: SubmittedPolicy, base: RetryPolicy): RetryPolicy => {
  const maxRetries = policy.maxRetries ?? base.maxRetries;
  if (policy.backoff === undefined || policy.backoff === null) return maxRetries === base.maxRetries ? base : { maxRetries, backoff: base.backoff };
  return { maxRetries, backoff: { ...base.backoff, ...said<Backoff>(policy.backoff) } };
};

const simulationOf = (policy: SubmittedPolicy, base: Simulation | null): Simulation | null => {
  if (policy.simulate === undefined || policy.simulate === null) return base;
  return { ...base, ...said<Simulation>(policy.simulate) };
};

const saysNothing = (...values: readonly unknown[]): boolean => values.every((value) => value === undefined || value === null);

const rateOf = ({ name, key }: NonNullable<SubmittedPolicy['rateLimit']>): RateLimit =>
  key === undefined || key === null ? { name } : { name, key };

/** Null where nothing differs from the engine's defaults, so that ordinary tasks carry nothing. */
const optionsOf = (policy: SubmittedPolicy, base: TaskOptions | null): TaskOptions | null => {
  const { triggerRule, queueTimeoutSeconds, progressTimeoutSeconds, totalTimeoutSeconds, noRetryOn, maxTimeoutRetries, pool, rateLimit } = policy;
  const { idempotent, speculative, requiresApproval } = policy;
  // Most tasks: two thirds of the time that a small DAG's plan took went into objects without a field.
  const isOrdinary = saysNothing(triggerRule, queueTimeoutSeconds, progressTimeoutSeconds, totalTimeoutSeconds, noRetryOn, maxTimeoutRetries, pool);
  if (isOrdinary && saysNothing(rateLimit, idempotent, speculative, requiresApproval)) return base;
  const own = said<TaskOptions>({
    triggerRule,
    queueTimeoutSeconds,
    progressTimeoutSeconds,
    totalTimeoutSeconds,
    noRetryOn,
    maxTimeoutRetries,
    pool,
    rateLimit: rateLimit === undefined || rateLimit === null ? null : rateOf(rateLimit),
    idempotent,
    speculative,
    requiresApproval,
  });
  const { triggerRule: rule, noRetryOn: excluded, requiresApproval: isAsked, ...rest } = { ...base, ...own };
  const options: TaskOptions = {
    ...rest,
    ...(rule === undefined || rule === 'all_success' ? {} : { triggerRule: rule }),
    ...(excluded === undefined || excluded.length === 0 ? {} : { noRetryOn: excluded }),
    ...(isAsked === true ? { requiresApproval: true } : {}),
  };
  return Object.keys(options).length === 0 ? null : options;
};

/** What a policy resolves to, the payload aside. */
export type Resolved = Omit<TaskDefaults, 'payload'>;

const NO_TAGS: readonly string[] = [];

/** What holds for tasks where not even their DAG said anything. */
export const deploymentDefaults = (retry: RetryPolicy): Resolved => ({
  priority: DEFAULT_PRIORITY,
  retry,
  timeoutSeconds: null,
  tags: NO_TAGS,
  simulate: null,
  options: null,
});

/** Whether two policies were resolved to the same: parts that weren't said are the same objects. */
export const isSame = (a: Resolved, b: Resolved): boolean => (Object.keys(a) as (keyof Resolved)[]).every((key) => a[key] === b[key]);

/** `policy` over `base`; parts that weren't said stay the same objects, so that 100,000 tasks share one retry policy. */
export const resolvePolicy = (policy: SubmittedPolicy, base: Resolved): Resolved => ({
  priority: policy.priority ?? base.priority,
  retry: retryOf(policy, base.retry),
  timeoutSeconds: policy.timeoutSeconds ?? base.timeoutSeconds,
  tags: policy.tags ?? base.tags,
  simulate: simulationOf(policy, base.simulate),
  options: optionsOf(policy, base.options),
});
