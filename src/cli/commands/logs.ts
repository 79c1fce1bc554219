import type { Command } from 'commander';
import type { FollowLogsOptions, TaskLogLine } from '../../sdk';
import { clientFor, type Context, wantsJson } from '../context';
import type { Paint } from '../render/paint';

interface Options extends Omit<FollowLogsOptions, 'attempt'> {
  readonly attempt?: string;
  readonly follow?: true;
}

const COLOURS: Readonly<Record<TaskLogLine['level'], keyof Paint>> = { debug: 'dim', info: 'cyan', warn: 'yellow', error: 'red' };

/** A line for people: when, how loud, which attempt, what. */
export const logLine = ({ time, level, attempt, text, fields, dropped }: TaskLogLine, paint: Paint): string => {
  const head = `${paint.dim(time)} ${paint[COLOURS[level]](level.padEnd(5))} ${paint.dim(`#${String(attempt)}`)}`;
  return `${head} ${dropped === null ? text : paint.dim(text)}${fields === null ? '' : ` ${paint.dim(JSON.stringify(fields))}`}`;
};

/** `dts logs TASK_ID` */
export const addLogs = (program: Command, { terminal }: Context): void => {
  program
    .command('logs')
    .description('show what a task logged and printed, and with --follow what it does from now on until it is final')
    .argument('<taskId>')
    .option('-f, --follow', 'go on until the task is final')
    .option('--attempt <number>', 'of this attempt only')
    .option('--search <text>', 'only lines that hold this')
    .option('--after <id>', 'only lines after this one')
    .action(async (taskId: string, { follow, attempt, ...rest }: Options, command: Command) => {
      const client = clientFor(command);
      const options = { ...rest, ...(attempt !== undefined && { attempt: Number(attempt) }) };
      const show = wantsJson(command)
        ? (line: TaskLogLine) => {
            terminal.out(JSON.stringify(line));
          }
        : (line: TaskLogLine) => {
            terminal.out(logLine(line, terminal.paint));
          };
      if (follow === true) {
        for await (const line of client.followLogs(taskId, options)) show(line);
        return;
      }
      let after = options.after;
      do {
        const page = await client.logs(taskId, { ...options, ...(after !== undefined && { after }) });
        page.items.forEach(show);
        after = page.nextCursor ?? undefined;
      } while (after !== undefined);
    });
};
