/** For commands that are about several things: one that fails keeps nothing from the others. */
import type { Context } from './context';
import { failureOf } from './render/problem';
import { plain } from './render/words';

/** Tells what failed and why, and what to leave with; throws what nobody expected. */
export const tellFailure = ({ terminal, leaveWith }: Pick<Context, 'terminal' | 'leaveWith'>, what: string, error: unknown): void => {
  const failure = failureOf(error, terminal.paint);
  if (failure === undefined) throw error;
  terminal.note(`${plain(what)}: ${failure.lines.join('\n')}`);
  leaveWith(failure.code);
};
