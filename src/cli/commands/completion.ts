import { Argument, type Command } from 'commander';
import { completionScript, type Shell, SHELLS } from '../completion';
import type { Context } from '../context';

/** `dts completion SHELL` */
export const addCompletion = (program: Command, { terminal }: Context): void => {
  program
    .command('completion')
    .description('print a completion script, e.g. for source <(dts completion bash)')
    .addArgument(new Argument('<shell>').choices(SHELLS))
    .action((shell: Shell) => {
      terminal.out(completionScript(program, shell).trimEnd());
    });
};
