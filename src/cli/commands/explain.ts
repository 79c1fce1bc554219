import type { Command } from 'commander';
import type { Explanation } from '../../sdk';
import { clientFor, type Context, wantsJson } from '../context';
import { inStatusColour, type Paint } from '../render/paint';

const lines = ({ taskName, status, summary, conditions, holder }: Explanation, paint: Paint): string[] => [
  `${paint.bold(taskName)}  ${inStatusColour(paint, status, status)}`,
  ...(conditions.length > 0 ? conditions.map(({ code, sentence }) => `  ${sentence} ${paint.dim(`(${code})`)}`) : [`  ${summary}`]),
  ...(holder === null ? [] : [`  held by ${holder.workerId} since ${holder.since ?? 'a moment ago'}`]),
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
