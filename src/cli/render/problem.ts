/** Why a command failed, and the code to leave with. */
import { type ApiError, isApiError, isCallError, isUnreachable } from '../../sdk';
import { EXIT, isUsageError } from '../exitCodes';
import type { Paint } from './paint';
import { plain } from './words';

export interface Failure {
  readonly lines: readonly string[];
  readonly code: number;
}

const MOST_ERRORS = 20;

const refusalLines = ({ status, problem, message }: ApiError, paint: Paint): string[] => {
  const { title, code, detail, errors = [] } = problem;
  const name = [title, code === undefined ? String(status) : `${String(status)} ${code}`].filter(Boolean).join(' ');
  return [
    `${paint.red('the server refused:')} ${plain(name)}`,
    ...(errors.length === 0 ? [`  ${plain(detail ?? message)}`] : []),
    ...errors.slice(0, MOST_ERRORS).map(({ path, message: sentence }) => `  ${path === '' ? '' : `${paint.bold(plain(path))}: `}${plain(sentence)}`),
    ...(errors.length > MOST_ERRORS ? [`  and ${String(errors.length - MOST_ERRORS)} more`] : []),
  ];
};

/** What to tell of an error that a command threw; undefined where nobody expected it. */
export const failureOf = (error: unknown, paint: Paint): Failure | undefined => {
  if (isUsageError(error) || isCallError(error)) return { lines: [`${paint.red('error:')} ${error.message}`], code: EXIT.usage };
  if (isUnreachable(error))
    return {
      lines: [`${paint.red('error:')} ${plain(error.message)}`, '  Is the scheduler running there? Another address: --url or DTS_URL.'],
      code: EXIT.unreachable,
    };
  if (!isApiError(error)) return undefined;
  if (error.status === 404) return { lines: [`${paint.red('not found:')} ${plain(error.message)}`], code: EXIT.notFound };
  return { lines: refusalLines(error, paint), code: EXIT.refused };
};
