import { type Command, InvalidArgumentError, Option } from 'commander';
import type { Client, DagSubmission, Schedule, ScheduleSettings } from '../../sdk';
import { clientFor, type Context, wantsJson } from '../context';
import { readDocument } from '../documents';
import { firingLine, SCHEDULE_HEAD, scheduleLine, scheduleLines, scheduleRow } from '../render/schedule';
import { table } from '../render/words';
import { whoOf, withReason, withWho, type WhoFlags } from './control';

const addSchedulesList = (schedules: Command, { terminal }: Context): void => {
  schedules
    .command('list', { isDefault: true })
    .description('list schedules, by name, with their next and last times in their own zones')
    .option('--limit <number>', 'at most so many', '50')
    .option('--cursor <cursor>', 'go on where the last page ended')
    .action(async ({ limit, cursor }: { limit: string; cursor?: string }, command: Command) => {
      const page = await clientFor(command).schedules({ limit: Number(limit), ...(cursor !== undefined && { cursor }) });
      if (wantsJson(command)) {
        terminal.out(JSON.stringify(page));
        return;
      }
      if (page.items.length === 0) terminal.note('nothing is scheduled');
      else for (const line of table([SCHEDULE_HEAD, ...page.items.map(scheduleRow)])) terminal.out(line);
      if (page.nextCursor !== null) terminal.note(`there are more: --cursor ${page.nextCursor}`);
    });
};

const numberOf = (text: string): number => {
  const value = Number(text);
  if (text.trim() === '' || !Number.isFinite(value)) throw new InvalidArgumentError('It must be a number.');
  return value;
};

interface CreateFlags extends WhoFlags, Omit<ScheduleSettings, 'name' | 'dag' | 'paused'> {
  readonly name?: string;
  readonly paused?: true;
}

const addSchedulesCreate = (schedules: Command, context: Context): void => {
  const command = schedules
    .command('create')
    .description('have the clock submit a DAG')
    .argument('<file>', 'the DAG, as JSON or YAML; - for the standard input')
    .requiredOption('--cron <expression>', 'minute, hour, day of the month, month, day of the week; or a shorthand such as @daily')
    .option('--time-zone <zone>', 'of the IANA database; UTC by default')
    .option('--name <name>', "the schedule's name; the DAG's by default")
    .addOption(new Option('--overlap <policy>', 'what happens to a time while a DAG of the schedule is live').choices(['allow', 'skip']))
    .addOption(new Option('--catch-up <policy>', 'which times fire that nobody could fire in time').choices(['none', 'latest', 'all']))
    .option('--catch-up-limit <number>', 'how many are caught up at the most, where all are', numberOf)
    .option('--jitter-seconds <number>', 'it fires up to so much later, always by the same delay', numberOf)
    .option('--note <text>', 'what it is for, or whose it is')
    .option('--paused', 'it waits to be resumed');
  withReason(command).action(async (file: string, { name, reason, by, ...settings }: CreateFlags, self: Command) => {
    const dag = (await readDocument(file, context.stdin)) as DagSubmission;
    const whole = { ...settings, name: name ?? dag.dagName, dag };
    const schedule = await clientFor(self).createSchedule(whole, whoOf({ ...(reason !== undefined && { reason }), ...(by !== undefined && { by }) }));
    context.terminal.out(wantsJson(self) ? JSON.stringify(schedule) : scheduleLine(schedule));
  });
};

const addSchedulesShow = (schedules: Command, { terminal }: Context): void => {
  schedules
    .command('show')
    .description('show a schedule: its next times, and what became of the last ones')
    .argument('<scheduleId>')
    .action(async (scheduleId: string, _flags: object, command: Command) => {
      const schedule = await clientFor(command).schedule(scheduleId);
      terminal.out(wantsJson(command) ? JSON.stringify(schedule) : scheduleLines(schedule).join('\n'));
    });
};

type Ask = (client: Client, scheduleId: string, flags: WhoFlags) => Promise<Schedule>;

const addScheduleVerb = (schedules: Command, { terminal }: Context, [name, about]: readonly [string, string], ask: Ask): void => {
  withReason(schedules.command(name).description(about).argument('<scheduleId>')).action(async (id: string, flags: WhoFlags, command: Command) => {
    const schedule = await ask(clientFor(command), id, flags);
    terminal.out(wantsJson(command) ? JSON.stringify(schedule) : scheduleLine(schedule));
  });
};

/** `dts schedules [list]|create|show|pause|resume|trigger|remove` */
export const addSchedules = (program: Command, context: Context): void => {
  const { terminal } = context;
  const schedules = program.command('schedules').description('what the clock submits: list, make, pause, fire and remove schedules');
  addSchedulesList(schedules, context);
  addSchedulesCreate(schedules, context);
  addSchedulesShow(schedules, context);
  addScheduleVerb(schedules, context, ['pause', 'let its times pass until it is resumed'], (client, id, flags) =>
    client.pauseSchedule(id, whoOf(flags)),
  );
  addScheduleVerb(schedules, context, ['resume', 'go on from its next time'], (client, id, flags) => client.resumeSchedule(id, whoOf(flags)));
  const trigger = schedules.command('trigger').description('submit its DAG now, whatever its time and state').argument('<scheduleId>');
  withWho(trigger).action(async (id: string, flags: WhoFlags, command: Command) => {
    const firing = await clientFor(command).triggerSchedule(id, whoOf(flags));
    terminal.out(wantsJson(command) ? JSON.stringify(firing) : table([firingLine('UTC', firing)]).join('\n'));
  });
  const remove = schedules.command('remove').description('remove a schedule; its DAGs stay').argument('<scheduleId>');
  remove.action(async (id: string, _flags: object, command: Command) => {
    await clientFor(command).removeSchedule(id);
    terminal.out(wantsJson(command) ? JSON.stringify({ removed: id }) : `${id} is removed`);
  });
};
