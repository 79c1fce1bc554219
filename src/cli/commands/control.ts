import { type Command, Option } from 'commander';
import type { Client, Commanded, DagCommanded, TaskCommanded, WhoOptions } from '../../sdk';
import { clientFor, type Context, wantsJson } from '../context';
import { readPayload } from '../documents';
import { commandedLines } from '../render/commanded';
import { dagOrTask, taskIdIn } from '../targets';

export interface WhoFlags {
  readonly reason?: string;
  readonly by?: string;
  readonly idempotencyKey?: string;
}

/** Who asks, as the API takes it. */
export const whoOf = ({ reason, by, idempotencyKey }: WhoFlags): WhoOptions => ({
  ...(reason !== undefined && { reason }),
  ...(by !== undefined && { by }),
  ...(idempotencyKey !== undefined && { idempotencyKey }),
});

/** Who asks and why. */
export const withReason = (command: Command): Command =>
  command.option('--reason <text>', 'why, for the history').addOption(new Option('--by <name>', 'who asks, for the history').env('DTS_BY'));

/** The options that every command of this kind has. */
export const withWho = (command: Command): Command =>
  withReason(command).option('--idempotency-key <key>', 'a repeated command with the same key answers the first result');

/** Prints an answer, as JSON where that is wanted. */
export const tell = (answer: Commanded, command: Command, { terminal, now }: Context): void => {
  if (wantsJson(command)) terminal.out(JSON.stringify(answer));
  else for (const line of commandedLines(answer, { paint: terminal.paint, now: now() })) terminal.out(line);
};

const TASK_FLAG = ['--task <name>', 'a task of this DAG, by its name'] as const;

interface TaskFlags extends WhoFlags {
  readonly task?: string;
}

interface Verb {
  readonly name: string;
  readonly about: string;
}

type OnDag = (client: Client, dagId: string, who: WhoOptions) => Promise<DagCommanded>;
type OnTask = (client: Client, taskId: string, who: WhoOptions) => Promise<TaskCommanded>;

/** `dts VERB DAG_ID` */
const addDagVerb = (program: Command, context: Context, { name, about }: Verb, ask: OnDag): void => {
  withWho(program.command(name).description(about).argument('<dagId>')).action(async (dagId: string, flags: WhoFlags, command: Command) => {
    tell(await ask(clientFor(command), dagId, whoOf(flags)), command, context);
  });
};

/** `dts VERB TASK_ID`, or `dts VERB DAG_ID --task NAME` */
const addTaskVerb = (program: Command, context: Context, { name, about }: Verb, ask: OnTask): void => {
  const command = program.command(name).description(about).argument('<id>', "a task's id, or its DAG's with --task");
  withWho(command.option(...TASK_FLAG)).action(async (id: string, { task, ...flags }: TaskFlags, self: Command) => {
    const client = clientFor(self);
    const taskId = task === undefined ? id : await taskIdIn(client, id, task);
    tell(await ask(client, taskId, whoOf(flags)), self, context);
  });
};

/** `dts cancel ID [--task NAME]` */
const addCancel = (program: Command, context: Context): void => {
  const command = program
    .command('cancel')
    .description('cancel a DAG or a task: what is queued never starts, what runs gets its signal')
    .argument('<id>', 'of a DAG or of a task');
  withWho(command.option(...TASK_FLAG)).action(async (id: string, { task, ...flags }: TaskFlags, self: Command) => {
    const [client, who] = [clientFor(self), whoOf(flags)];
    const named = task === undefined ? undefined : await taskIdIn(client, id, task);
    const answer: Commanded =
      named === undefined
        ? await dagOrTask<Commanded>(
            id,
            () => client.cancel(id, who),
            () => client.cancelTask(id, who),
          )
        : await client.cancelTask(named, who);
    tell(answer, self, context);
  });
};

interface RetryFlags extends WhoFlags {
  readonly task?: readonly string[];
  readonly downstream: boolean;
  readonly payload?: string;
}

/** `dts retry ID [--task NAME]... [--payload JSON]` */
const addRetry = (program: Command, context: Context): void => {
  const command = program
    .command('retry')
    .description('run failed or cancelled tasks again: all of a DAG, those that are named, or one')
    .argument('<id>', 'of a DAG or of a task')
    .option('--task <names...>', 'tasks of this DAG, by name or id')
    .option('--no-downstream', 'leave out what was skipped because of them')
    .option(
      '--payload <json>',
      'a payload in the place of the stored one, for a single task; @FILE reads it from a file, @- from the standard input',
    );
  withWho(command).action(async (id: string, { task, downstream, payload, ...flags }: RetryFlags, self: Command) => {
    const client = clientFor(self);
    const edited = payload === undefined ? {} : { payload: await readPayload(payload, context.stdin) };
    const options = { ...whoOf(flags), downstream, ...edited };
    const answer = task
      ? await client.retry(id, { ...options, tasks: task })
      : await dagOrTask<Commanded>(
          id,
          () => client.retry(id, options),
          () => client.retryTask(id, options),
        );
    tell(answer, self, context);
  });
};

/** `dts rerun ID [--from NAME]` */
const addRerun = (program: Command, context: Context): void => {
  const command = program
    .command('rerun')
    .description('run a DAG that is over again, as a whole or from a task on')
    .argument('<id>', 'of a DAG or of a task')
    .option('--from <name>', 'this task of the DAG, and everything after it');
  withWho(command).action(async (id: string, { from, ...flags }: WhoFlags & { from?: string }, self: Command) => {
    const [client, who] = [clientFor(self), whoOf(flags)];
    const answer =
      from === undefined
        ? await dagOrTask<Commanded>(
            id,
            () => client.rerun(id, who),
            () => client.rerunTask(id, who),
          )
        : await client.rerun(id, { ...who, from });
    tell(answer, self, context);
  });
};

/** `dts hold ID [--task NAME] [--until TIME]` */
const addHold = (program: Command, context: Context): void => {
  const command = program
    .command('hold')
    .description('hold a task back until it is released')
    .argument('<id>', "a task's id, or its DAG's with --task")
    .option(...TASK_FLAG)
    .option('--until <time>', 'release it by itself at this time (ISO 8601)');
  withWho(command).action(async (id: string, { task, until, ...flags }: TaskFlags & { until?: string }, self: Command) => {
    const client = clientFor(self);
    const taskId = task === undefined ? id : await taskIdIn(client, id, task);
    tell(await client.holdTask(taskId, { ...whoOf(flags), ...(until !== undefined && { resumeAt: until }) }), self, context);
  });
};

interface MarkFlags extends TaskFlags {
  readonly as: 'COMPLETED' | 'FAILED';
  readonly result?: string;
}

/** `dts mark ID [--task NAME] --as COMPLETED|FAILED` */
const addMark = (program: Command, context: Context): void => {
  const command = program
    .command('mark')
    .description('mark a task as completed or failed by hand')
    .argument('<id>', "a task's id, or its DAG's with --task")
    .option(...TASK_FLAG)
    .addOption(new Option('--as <status>', 'what it is to be').choices(['COMPLETED', 'FAILED']).makeOptionMandatory())
    .option('--result <json>', 'what its dependents read; @FILE reads it from a file, @- from the standard input');
  withWho(command).action(async (id: string, { task, as, result, ...flags }: MarkFlags, self: Command) => {
    const client = clientFor(self);
    const taskId = task === undefined ? id : await taskIdIn(client, id, task);
    const given = result === undefined ? {} : { result: await readPayload(result, context.stdin) };
    tell(await client.markTask(taskId, as, { ...whoOf(flags), ...given }), self, context);
  });
};

/** The commands on DAGs and tasks. */
export const addControl = (program: Command, context: Context): void => {
  addCancel(program, context);
  addDagVerb(program, context, { name: 'pause', about: 'pause a DAG: what runs goes on, nothing else starts' }, (client, id, who) =>
    client.pause(id, who),
  );
  addDagVerb(program, context, { name: 'resume', about: 'resume a paused DAG' }, (client, id, who) => client.resume(id, who));
  addDagVerb(program, context, { name: 'drain', about: 'let what runs go on to its end, and cancel the rest of a DAG' }, (client, id, who) =>
    client.drain(id, who),
  );
  addRetry(program, context);
  addRerun(program, context);
  addTaskVerb(program, context, { name: 'skip', about: 'skip a task' }, (client, id, who) => client.skipTask(id, who));
  addHold(program, context);
  addTaskVerb(program, context, { name: 'release', about: 'release a task that is held' }, (client, id, who) => client.releaseTask(id, who));
  addTaskVerb(program, context, { name: 'approve', about: 'let a task start that waits for approval' }, (client, id, who) =>
    client.approveTask(id, who),
  );
  addMark(program, context);
};
