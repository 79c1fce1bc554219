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
  0: 'Check that the scheduler runs and that this machine reaches it. The page tries again by itself.',
  404: 'It may have been deleted. Go back to the list.',
  409: 'Look at its present state, and ask for something that fits it.',
  429: 'Wait a few seconds and try again.',
  503: 'Something that the scheduler needs is away. The overview shows what; the page tries again by itself.',
};

/** What is wrong, at which place where the server said so. */
const detailOf = ({ message, problem }: RequestFailed): string => {
  const errors = problem?.errors ?? [];
  return errors.length === 0 ? message : errors.map(({ path, message: words }) => (path === '' ? words : `${path}: ${words}`)).join('; ');
};

/** The words for a reader. */
export const toldOf = (error: unknown): Told => {
  if (!(error instanceof RequestFailed)) return { title: 'Something went wrong', detail: String(error), remedy: 'Reload the page.' };
  return {
    title: error.problem?.title ?? (error.status === 0 ? 'The server can’t be reached' : `Answer ${error.status}`),
    detail: detailOf(error),
    remedy: REMEDIES[error.status] ?? (error.status >= 500 ? 'The scheduler’s log has more about it.' : 'Change the request and try again.'),
  };
};
