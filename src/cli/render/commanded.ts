/** What became of a command, in a line or two. */
import type { Commanded, DagView, TaskView } from '../../sdk';
import { headline } from './dag';
import { inStatusColour, type Paint } from './paint';
import { count, plain } from './words';

type Answer = Commanded & { readonly dag?: DagView | null; readonly task?: TaskView | null };

const verdict = ({ commandId, outcome, affected }: Commanded, paint: Paint): string => {
  if (outcome === null) return `${paint.yellow('stored')}, not applied yet: it is command ${commandId ?? '?'}`;
  return affected === 0 ? 'nothing to do: it was so already' : `${paint.green('done')}: ${count(affected, 'task')} affected`;
};

export const commandedLines = (answer: Answer, { paint, now }: { readonly paint: Paint; readonly now: number }): string[] => [
  verdict(answer, paint),
  ...(answer.dag ? [headline(answer.dag, { paint, now })] : []),
  ...(answer.task ? [`${paint.bold(plain(answer.task.taskName))}  ${inStatusColour(paint, answer.task.status, answer.task.status)}`] : []),
];
