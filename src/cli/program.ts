/** The `dts` command and its subcommands. */
import { Command, CommanderError, Option } from 'commander';
import { addAutoscaling } from './commands/autoscaling';
import { addCompletion } from './commands/completion';
import { addControl } from './commands/control';
import { addDlq } from './commands/dlq';
import { addDoctor } from './commands/doctor';
import { addDelete, addEdit } from './commands/edit';
import { addEvents } from './commands/events';
import { addExplain } from './commands/explain';
import { addGates } from './commands/gates';
import { addImport } from './commands/import';
import { addLimits } from './commands/limits';
import { addList } from './commands/list';
import { addLogs } from './commands/logs';
import { addStatus } from './commands/status';
import { addSubmit } from './commands/submit';
import { addSchedules } from './commands/schedules';
import { addSubscriptions } from './commands/subscriptions';
import { addWatch } from './commands/watch';
import { addWorkers } from './commands/workers';
import type { Context } from './context';
import { EXIT, EXIT_CODES_HELP } from './exitCodes';
import { type Failure, failureOf } from './render/problem';

export const createProgram = (context: Context, version: string): Command => {
  const program = new Command('dts')
    .description('Submit DAGs of tasks to a scheduler, follow them and step in.')
    .addOption(new Option('--url <url>', "the scheduler's address").env('DTS_URL').default('http://localhost:8080'))
    .option('--json', 'JSON for programs in place of text for people')
    .version(version)
    .addHelpText('after', EXIT_CODES_HELP)
    .exitOverride();
  for (const add of [
    addSubmit,
    addStatus,
    addWatch,
    addList,
    addExplain,
    addLogs,
    addControl,
    addEdit,
    addDelete,
    addEvents,
    addDlq,
    addGates,
    addLimits,
    addSchedules,
    addSubscriptions,
    addWorkers,
    addAutoscaling,
    addDoctor,
    addImport,
    addCompletion,
  ])
    add(program, context);
  return program;
};

/** What nobody expected is told with its stack, for who mends it. */
const bugOf = (error: unknown): Failure => ({
  lines: [`dts itself failed: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}`],
  code: EXIT.internal,
});

/** Runs one command line (without node and script) and answers the code to leave with. */
export const runProgram = async (args: readonly string[], context: Omit<Context, 'leaveWith'>, version: string): Promise<number> => {
  let code: number = EXIT.ok;
  const program = createProgram({ ...context, leaveWith: (chosen) => void (code = chosen) }, version);
  try {
    await program.parseAsync(args, { from: 'user' });
    return code;
  } catch (error) {
    if (error instanceof CommanderError) return error.exitCode === 0 ? EXIT.ok : EXIT.usage;
    const failure = failureOf(error, context.terminal.paint) ?? bugOf(error);
    failure.lines.forEach(context.terminal.note);
    return failure.code;
  }
};
