/** What takes submissions in a process that schedules: of clients, and of the clock. */
import type { Config } from '../config';
import { BUILT_IN_TASK_TYPES } from '../core/dag';
import { dagJson } from '../observe/present';
import { createBacklog, type Backlog } from '../submit/backlog';
import { createLargeReader } from '../submit/large';
import { planSettings, type PlanningNeeds } from '../submit/planning';
import { submitRoutes } from '../submit/routes';
import { createSubmitter, type Submitter } from '../submit/submitter';
import type { Tracing } from '../ports/tracing';
import type { Engine } from './engine';
import { unexpectedIn } from './probes';
import type { ProcessLife } from './processLife';
import type { Storage } from './storage';

export const planningOf = (config: Config): PlanningNeeds => ({
  types: [...new Set([...BUILT_IN_TASK_TYPES, ...config.worker.types])],
  retry: config.retries,
  order: config.scheduler.order,
  limits: config.limits,
});

export interface SubmissionsNeeds extends Pick<Storage, 'store' | 'views'> {
  readonly config: Config;
  readonly life: ProcessLife;
  readonly engine: Pick<Engine, 'isLive' | 'advancer'>;
  /** Absent where nothing is traced. */
  readonly tracing: Tracing | undefined;
}

export interface Submissions {
  readonly submitter: Submitter;
  readonly backlog: Backlog;
  readonly routes: ReturnType<typeof submitRoutes>;
  stop(): Promise<void>;
}

/** Makes it. */
export const createSubmissions = ({ config, life, engine, store, views, tracing }: SubmissionsNeeds): Submissions => {
  const all = Array.from({ length: config.scheduler.shards }, (_, shard) => shard);
  const backlog = createBacklog({ count: () => engine.advancer.openTasks(), limit: config.limits.openTasks, ...life });
  const large = createLargeReader({ settings: planSettings(planningOf(config)), clock: life.clock });
  const submitter = createSubmitter({
    store,
    views,
    clock: life.clock,
    announce: life.announce,
    pendingSubmissions: config.limits.pendingSubmissions,
    submissionWaitMs: config.limits.submissionWaitMs,
    backlog,
    tracing,
    shards: () => {
      // Whose leases may be over is as one that owns none: the owner finds what is placed in its shards.
      const owned = engine.isLive() ? engine.advancer.owned().map(({ shard }) => shard) : [];
      return owned.length > 0 ? owned : all;
    },
    ...planningOf(config),
    large,
    admitted: (dag) => {
      engine.advancer.admit(dag);
    },
  });
  const routes = submitRoutes({ submitter, bodyBytes: config.limits.bodyBytes, present: dagJson, unexpected: unexpectedIn(life) });
  return { submitter, backlog, routes, stop: () => large.stop() };
};
