/** The autoscaler, as a typed call. */
import type { ApiRequest } from './requests';
import type { Page } from './responses';

/** What the scheduler that leads thought at its last look. */
export interface ScalingJudgement {
  readonly at: string;
  readonly scheduler: string;
  /** Workers that take work or are on their way. */
  readonly before: number;
  readonly wanted: number;
  readonly direction: 'out' | 'in' | 'hold';
  readonly reason: string;
  readonly active: number;
  readonly draining: number;
  readonly starting: number;
  /** Of one worker. */
  readonly slots: number;
  readonly waiting: number;
  readonly running: number;
  readonly arrivalsPerSecond: number;
  readonly endsPerSecond: number;
  readonly serviceSeconds: number | null;
}

/** A decision that changed the number of workers, or would have in a dry run. */
export interface Scaling {
  readonly scalingId: string;
  readonly at: string;
  readonly scheduler: string;
  readonly driver: 'local' | 'kubernetes' | 'docker';
  readonly dryRun: boolean;
  readonly before: number;
  readonly wanted: number;
  readonly direction: 'out' | 'in' | 'hold';
  readonly reason: string;
  /** Null while it is being done. */
  readonly done: string | null;
  readonly error: string | null;
}

export interface Autoscaling {
  readonly settings: {
    readonly enabled: boolean;
    readonly dryRun: boolean;
    readonly driver: 'local' | 'kubernetes' | 'docker';
    readonly min: number;
    readonly max: number;
    readonly targetWaitSeconds: number;
    readonly coolDownSeconds: number;
  };
  /** Null where nobody looks, or nobody knows. */
  readonly current: ScalingJudgement | null;
  /** Newest first. */
  readonly decisions: Page<Scaling>;
}

export interface AutoscalingCalls {
  /** How many workers there are to be and why, and what was decided. */
  autoscaling(options?: { readonly limit?: number; readonly cursor?: string }): Promise<Autoscaling>;
}

/** The call, over whatever sends requests. */
export const autoscalingCalls = (call: <T>(request: ApiRequest) => Promise<T>): AutoscalingCalls => ({
  autoscaling: (options = {}) => call({ path: 'api/v1/autoscaling', query: { ...options } }),
});
