import type { Command } from 'commander';
import { clientFor, type Context, wantsJson } from '../context';
import { dagLines } from '../render/dag';

/** More tasks than fit in sight are summed up, unless all are asked for. */
const MOST_TASKS = 60;

/** `dts status DAG_ID` */
export const addStatus = (program: Command, { terminal, now }: Context): void => {
  program
    .command('status')
    .description('show a DAG and its tasks as they are now')
    .argument('<dagId>')
    .option('--all', 'every task, however many there are')
    .action(async (dagId: string, { all }: { all?: true }, command: Command) => {
      const client = clientFor(command);
      const [dag, tasks] = await Promise.all([client.dag(dagId), client.tasks(dagId)]);
      if (wantsJson(command)) terminal.out(JSON.stringify({ ...dag, tasks }));
      else terminal.out(dagLines(dag, tasks, { paint: terminal.paint, now: now(), mostTasks: all ? Infinity : MOST_TASKS }).join('\n'));
    });
};
