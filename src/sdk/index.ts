/** What users of the scheduler import. */
export type { BatchHandler, BatchLimits, Handler, TaskContext, TaskLogger } from '../core/handler';
export { LETTER_KINDS, type LetterKind } from '../core/dag';
export type * from './autoscaling';
export type * from './notifications';
export { type Client, type ClientSettings, createClient, type DagFilters, type SubmitOptions, type TaskFilters, type WaitOptions } from './client';
export type {
  ControlCalls,
  DagEdit,
  DeadLetterFilter,
  DeadLetterFilters,
  GateTarget,
  LimitBounds,
  LimitTarget,
  PageOptions,
  RetryOptions,
  WhoOptions,
} from './control';
export { type DagBuilder, defineDag, type TaskHandle, type TaskOptions } from './dag';
export type { DoctorCalls } from './doctor';
export { type ApiError, isApiError, isCallError, isUnreachable, type UnreachableError } from './errors';
export { type HandlerErrorOptions, type NonRetryableError, nonRetryable, type RetryLaterError, retryLater } from './handlerErrors';
export type { Curve, LiveCalls, LiveEvent, LiveTopic, Overview, OverviewNow } from './live';
export type { FollowLogsOptions, LogCalls, LogsOptions, TaskLogLine } from './logs';
export { isFinal } from './responses';
export type * from './responses';
export type { ScheduleCalls, ScheduleSettings } from './schedules';
export type * from './submission';
export type { WorkerCalls } from './workers';
export { DEFAULT_SCALE, fromWorkflow, isWorkflow, type WorkflowOptions } from './wfformat';
