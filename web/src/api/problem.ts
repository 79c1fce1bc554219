/** What went wrong with a request, in the API's own words where it had any. */
import type { ProblemDetails } from '../../../src/sdk/responses';

export class RequestFailed extends Error {
  override readonly name = 'RequestFailed';
  constructor(
    message: string,
    /** 0 where no answer came. */
    readonly status: number,
    readonly problem: ProblemDetails | undefined,
  ) {
    super(message);
  }
}

/** Whether no answer came: what was asked for may have been done all the same. */
export const isUnanswered = (error: unknown): error is RequestFailed => error instanceof RequestFailed && error.status === 0;

/** What is said of a command then, where it is sent again with its key. */
export const SEND_AGAIN = 'No answer came from the scheduler: it may have been done all the same. Sent again as it is, it won’t be done twice.';

/** Whether the very same request may succeed a moment later. */
export const mayPass = (error: unknown): boolean =>
  error instanceof RequestFailed && (error.status === 0 || error.status === 429 || error.status >= 500);

/** What may pass is read again after so long. */
export const RETRY_MS = 5_000;

const isObject = (value: unknown): value is Record<string, unknown> => typeof value === 'object' && value !== null;

/** The error for an answer that isn't a success. */
export const failureOf = (status: number, text: string): RequestFailed => {
  const problem = problemIn(text);
  return new RequestFailed(problem?.detail ?? problem?.title ?? `The server answered ${status}.`, status, problem);
};

const problemIn = (text: string): ProblemDetails | undefined => {
  try {
    const value: unknown = JSON.parse(text);
    return isObject(value) && ('detail' in value || 'title' in value) ? value : undefined;
  } catch {
    return undefined;
  }
};

export interface Told {
  readonly title: string;
  readonly detail: string;
  /** What whoever reads it can do. */
  readonly remedy: string;
}

const REMEDIES: Readonly<Record<number, string>> = {
  0: 'Check that the scheduler runs and that this machine reaches it.',
  404: 'It may have been deleted, or be kept no longer.',
  409: 'Look at its present state, and ask for something that fits it.',
  429: 'Wait a few seconds and try again.',
  503: 'Something that the scheduler needs is away. The overview shows what.',
};

const remedyOf = (status: number): string =>
  REMEDIES[status] ?? (status >= 500 ? 'The scheduler’s log has more about it.' : 'Change the request and try again.');

/** What is wrong, at which place where the server said so. */
const detailOf = ({ message, problem }: RequestFailed): string => {
  const errors = problem?.errors ?? [];
  return errors.length === 0 ? message : errors.map(({ path, message: words }) => (path === '' ? words : `${path}: ${words}`)).join('; ');
};

export interface WayOut {
  readonly to: string;
  readonly words: string;
}

const DAGS: WayOut = { to: '/dags', words: 'Go to the DAGs' };
const SCHEDULES: WayOut = { to: '/schedules', words: 'Go to the schedules' };

/** Where what isn't there is looked for. */
const LISTS: Readonly<Record<string, WayOut>> = {
  DAG_NOT_FOUND: DAGS,
  TASK_NOT_FOUND: DAGS,
  SCHEDULE_NOT_FOUND: SCHEDULES,
  WORKER_NOT_FOUND: { to: '/workers', words: 'Go to the workers' },
  LETTER_NOT_FOUND: { to: '/dead-letters', words: 'Go to the dead letters' },
};

/** Where to go on after what asking again won't mend; undefined where it may. */
export const wayOutOf = (error: unknown): WayOut | undefined => {
  const problem = error instanceof RequestFailed ? error.problem : undefined;
  if (problem?.code === 'WRONG_ID') return problem.errors?.[0]?.path === 'scheduleId' ? SCHEDULES : DAGS;
  return LISTS[problem?.code ?? ''];
};

const WRONG_ID = 'A part of the address is missing, or was mistyped.';

/** The words for a reader. */
export const toldOf = (error: unknown): Told => {
  if (!(error instanceof RequestFailed)) return { title: 'Something went wrong', detail: String(error), remedy: 'Reload the page.' };
  return {
    title: error.problem?.title ?? (error.status === 0 ? 'The server can’t be reached' : `Answer ${error.status}`),
    detail: detailOf(error),
    remedy: error.problem?.code === 'WRONG_ID' ? WRONG_ID : remedyOf(error.status),
  };
};
