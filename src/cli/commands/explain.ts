import type { Command } from 'commander';
import type { Explanation } from '../../sdk';
import { clientFor, type Context, wantsJson } from '../context';
import { inStatusColour, type Paint } from '../render/paint';
import { plain } from '../render/words';

const lines = ({ taskName, status, summary, conditions, holder }: Explanation, paint: Paint): string[] => [
  `${paint.bold(plain(taskName))}  ${inStatusColour(paint, status, status)}`,
  ...(conditions.length > 0 ? conditions.map(({ code, sentence }) => `  ${plain(sentence)} ${paint.dim(`(${code})`)}`) : [`  ${plain(summary)}`]),
  ...(holder === null ? [] : [`  held by ${plain(holder.workerId)} since ${holder.since ?? 'a moment ago'}`]),
];

/** `dts explain TASK_ID` */
export const addExplain = (program: Command, { terminal }: Context): void => {
  program
    .command('explain')
    .description("say why a task isn't running yet, or who runs it")
    .argument('<taskId>')
    .action(async (taskId: string, _options: object, command: Command) => {
      const explanation = await clientFor(command).explain(taskId);
      terminal.out(wantsJson(command) ? JSON.stringify(explanation) : lines(explanation, terminal.paint).join('\n'));
    });
};
