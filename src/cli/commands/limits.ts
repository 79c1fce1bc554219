import { type Command, InvalidArgumentError, Option } from 'commander';
import type { Limit, LimitBounds, LimitTarget } from '../../sdk';
import { clientFor, type Context, wantsJson } from '../context';
import { usageError } from '../exitCodes';
import { shortened, table } from '../render/words';

const LONGEST_REASON = 60;

interface TargetFlags {
  readonly pool?: string;
  readonly type?: string;
  readonly rate?: string;
}

interface BoundFlags {
  readonly maxRunning?: number;
  readonly perSecond?: number;
  readonly burst?: number;
}

const numberOf = (text: string): number => {
  const number = Number(text);
  if (text.trim() === '' || Number.isNaN(number)) throw new InvalidArgumentError('It is no number.');
  return number;
};

const withTarget = (command: Command): Command =>
  command
    .addOption(new Option('--pool <name>', 'the tasks of one pool').conflicts(['type', 'rate']))
    .addOption(new Option('--type <type>', 'the tasks of one type').conflicts(['rate']))
    .option('--rate <name>', 'the tasks that name this rate');

const targetOf = ({ pool, type, rate }: TargetFlags): LimitTarget => {
  if (pool !== undefined) return { scope: 'pool', name: pool };
  if (type !== undefined) return { scope: 'type', name: type };
  if (rate !== undefined) return { scope: 'rate', name: rate };
  throw usageError('say what: --pool NAME, --type TYPE or --rate NAME');
};

const boundsOf = ({ scope }: LimitTarget, { maxRunning, perSecond, burst }: BoundFlags): LimitBounds => {
  if (scope !== 'rate') {
    if (maxRunning === undefined || perSecond !== undefined || burst !== undefined) throw usageError(`a ${scope} takes --max-running N`);
    return { maxRunning };
  }
  if (perSecond === undefined || maxRunning !== undefined)
    throw usageError('a rate takes --per-second N, and --burst N where that is to be another one');
  return burst === undefined ? { perSecond } : { perSecond, burst };
};

const nameOf = ({ scope, name }: Pick<Limit, 'scope' | 'name'>): string => `${scope} ${name}`;

const boundOf = ({ maxRunning, perSecond, burst }: Limit): string =>
  maxRunning === null ? `${perSecond ?? 0} a second, ${burst ?? 1} at once` : `${maxRunning} at once`;

const row = (limit: Limit): string[] => [
  nameOf(limit),
  boundOf(limit),
  limit.running === null ? '-' : String(limit.running),
  limit.by ?? '-',
  shortened(limit.reason ?? '', LONGEST_REASON),
];

const addSet = (limits: Command, { terminal }: Context): void => {
  withTarget(limits.command('set').description('limit how many tasks of a pool or a type run at once, or how many begin in a second'))
    .option('--max-running <n>', 'how many run at once: of a pool or a type', numberOf)
    .option('--per-second <n>', 'how many begin in a second, of each key: of a rate', numberOf)
    .option('--burst <n>', 'how many begin at once after a silence: of a rate', numberOf)
    .option('--reason <text>', 'why')
    .addOption(new Option('--by <name>', 'who asks').env('DTS_BY'))
    .action(async (flags: TargetFlags & BoundFlags & { reason?: string; by?: string }, command: Command) => {
      const target = targetOf(flags);
      const options = { ...(flags.reason !== undefined && { reason: flags.reason }), ...(flags.by !== undefined && { by: flags.by }) };
      const { changed, limit } = await clientFor(command).setLimit(target, boundsOf(target, flags), options);
      if (wantsJson(command)) terminal.out(JSON.stringify({ changed, limit }));
      else terminal.out(`${nameOf(limit)} has ${boundOf(limit)}${changed ? '' : ', as it had'}`);
    });
};

/** `dts limits [list]`, `dts limits set`, `dts limits remove` */
export const addLimits = (program: Command, context: Context): void => {
  const { terminal } = context;
  const limits = program.command('limits').description('how much runs at once, or begins in a second: list it, set and remove limits');
  limits
    .command('list', { isDefault: true })
    .description('list the limits of the cluster, with how many tasks run under each')
    .action(async (_flags: object, command: Command) => {
      const all = await clientFor(command).limits();
      if (wantsJson(command)) terminal.out(JSON.stringify(all));
      else if (all.length === 0) terminal.note('nothing is limited');
      else for (const line of table([['WHAT', 'LIMIT', 'RUNNING', 'BY', 'REASON'], ...all.map(row)])) terminal.out(line);
    });
  addSet(limits, context);
  withTarget(limits.command('remove').description('remove a limit')).action(async (flags: TargetFlags, command: Command) => {
    const target = targetOf(flags);
    await clientFor(command).removeLimit(target);
    if (wantsJson(command)) terminal.out(JSON.stringify({ removed: target }));
    else terminal.out(`${nameOf(target)} has no limit any more`);
  });
};
