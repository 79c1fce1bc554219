/** What a client submitted, as far as its shape was checked: the input of planning. Null and undefined both mean "not said". */
import type { Backoff, DagOrder, RetryPolicy, Simulation, TriggerRule } from '../core/dag';

type Maybe<T> = T | null | undefined;

/** Settings that a task may have and that a DAG may give as a default for its tasks. */
export interface SubmittedPolicy {
  readonly priority?: Maybe<number>;
  readonly maxRetries?: Maybe<number>;
  readonly backoff?: Maybe<{ readonly [K in keyof Backoff]?: Maybe<Backoff[K]> }>;
  /** Of one attempt. */
  readonly timeoutSeconds?: Maybe<number>;
  /** These eleven are kept together as core/dag's TaskOptions. */
  readonly triggerRule?: Maybe<TriggerRule>;
  readonly queueTimeoutSeconds?: Maybe<number>;
  readonly progressTimeoutSeconds?: Maybe<number>;
  readonly totalTimeoutSeconds?: Maybe<number>;
  readonly noRetryOn?: Maybe<readonly string[]>;
  readonly maxTimeoutRetries?: Maybe<number>;
  readonly pool?: Maybe<string>;
  readonly rateLimit?: Maybe<{ readonly name: string; readonly key?: Maybe<string> }>;
  readonly idempotent?: Maybe<boolean>;
  readonly speculative?: Maybe<boolean>;
  readonly requiresApproval?: Maybe<boolean>;
  readonly tags?: Maybe<readonly string[]>;
  /** Any JSON value. Null means none, and none is inherited then. */
  readonly payload?: unknown;
  readonly simulate?: Maybe<{ readonly [K in keyof Simulation]?: Maybe<Simulation[K]> }>;
}

export interface SubmittedTask extends SubmittedPolicy {
  readonly taskName: string;
  readonly type: string;
  readonly dependencies?: Maybe<readonly string[]>;
}

export interface SubmittedDag extends SubmittedPolicy {
  readonly dagName: string;
  readonly description?: Maybe<string>;
  /** From its submission to its end: `PlannedDag.dueAt` is createdAt plus this. A DAG's `timeoutSeconds` is its tasks' default, as ever. */
  readonly dagTimeoutSeconds?: Maybe<number>;
  /** Tasks of this DAG that run at once. */
  readonly lateAfterSeconds?: Maybe<number>;
  readonly maxRunning?: Maybe<number>;
  readonly tenant?: Maybe<string>;
  /** Which of its ready tasks go first. */
  readonly order?: Maybe<DagOrder>;
  readonly tasks: readonly SubmittedTask[];
}

/** What planning is told by the deployment. */
export interface PlanSettings {
  /** The task types that this deployment runs. */
  readonly types: ReadonlySet<string>;
  /** For tasks that say nothing about retries. */
  readonly retry: RetryPolicy;
  /** For DAGs that say nothing about the order of their tasks. */
  readonly order: DagOrder;
  readonly limits: PlanLimits;
}

export interface PlanLimits {
  readonly tasksPerDag: number;
  readonly edgesPerDag: number;
  /** Of one task's payload as JSON text in UTF-8. */
  readonly payloadBytes: number;
  /** Of all payloads and tags of a DAG together, inherited ones counted for each task: a default must not multiply without bound. */
  readonly dagBytes: number;
}
