/** Tasks that a person approves before they start. Their submission holds them, from the first moment on (docs/decisions/0034). */
import type { TaskOptions, TaskReason } from './dag';

export const requiresApproval = ({ options }: { readonly options: TaskOptions | null }): boolean => options?.requiresApproval === true;

/** The hold of a task that nobody has approved. */
export const approvalHold = (approval: NonNullable<TaskReason['approval']>, at: number): TaskReason => ({ code: 'HELD', at, approval });

/** A reason in the place of `before`: what nobody had approved stays so, and is asked for when the task is begun again. */
export const stillRequired = (reason: TaskReason, before: TaskReason | undefined): TaskReason =>
  before?.approval === undefined ? reason : { ...reason, approval: 'REQUIRED' };
