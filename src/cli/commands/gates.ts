import { type Command, Option } from 'commander';
import type { Gate, GateChanged, GateTarget } from '../../sdk';
import { clientFor, type Context, wantsJson } from '../context';
import { usageError } from '../exitCodes';
import { shortened, table } from '../render/words';

const LONGEST_REASON = 60;

interface TargetFlags {
  readonly all?: true;
  readonly type?: string;
  readonly pool?: string;
}

const withTarget = (command: Command): Command =>
  command
    .addOption(new Option('--all', 'everything').conflicts(['type', 'pool']))
    .addOption(new Option('--type <type>', 'the tasks of one type').conflicts(['pool']))
    .option('--pool <name>', 'the tasks of one pool')
    .addOption(new Option('--by <name>', 'who asks').env('DTS_BY'));

const targetOf = ({ all, type, pool }: TargetFlags): GateTarget => {
  if (type !== undefined) return { scope: 'type', name: type };
  if (pool !== undefined) return { scope: 'pool', name: pool };
  if (all === true) return { scope: 'all' };
  throw usageError('say what: --all, --type TYPE or --pool NAME');
};

const nameOf = ({ scope, name }: Gate): string => (name === null ? 'everything' : `${scope} ${name}`);

const row = (gate: Gate): string[] => [
  nameOf(gate),
  gate.probing ? 'PROBING' : gate.state,
  gate.since,
  gate.until ?? '-',
  gate.by ?? '-',
  shortened(gate.reason ?? '', LONGEST_REASON),
];

const tell = ({ changed, gate }: GateChanged, command: Command, { terminal }: Context): void => {
  if (wantsJson(command)) terminal.out(JSON.stringify({ changed, gate }));
  else if (gate === null) terminal.out('nothing was to be resumed');
  else if (gate.endedAt !== null) terminal.out(`${nameOf(gate)} is free again`);
  else terminal.out(`${nameOf(gate)} is paused${gate.until === null ? '' : ` until ${gate.until}`}${changed ? '' : ', as it was'}`);
};

/** `dts gates [list]`, `dts gates pause`, `dts gates resume` */
export const addGates = (program: Command, context: Context): void => {
  const { terminal } = context;
  const gates = program.command('gates').description('what is paused or in quarantine: list it, pause and resume');
  gates
    .command('list', { isDefault: true })
    .description('list what is paused or in quarantine')
    .action(async (_flags: object, command: Command) => {
      const all = await clientFor(command).gates();
      if (wantsJson(command)) terminal.out(JSON.stringify(all));
      else if (all.length === 0) terminal.note('nothing is paused');
      else for (const line of table([['WHAT', 'STATE', 'SINCE', 'UNTIL', 'BY', 'REASON'], ...all.map(row)])) terminal.out(line);
    });
  withTarget(gates.command('pause').description('pause everything, a task type or a pool: what runs goes on, nothing else starts'))
    .option('--reason <text>', 'why')
    .option('--until <time>', 'resume it by itself at this time (ISO 8601)')
    .action(async ({ reason, by, until, ...flags }: TargetFlags & { reason?: string; by?: string; until?: string }, command: Command) => {
      const options = { ...(reason !== undefined && { reason }), ...(by !== undefined && { by }), ...(until !== undefined && { until }) };
      tell(await clientFor(command).pauseGate(targetOf(flags), options), command, context);
    });
  withTarget(gates.command('resume').description('resume what is paused'))
    .option('--quarantine', 'let a type out of its quarantine')
    .action(async ({ by, quarantine, ...flags }: TargetFlags & { by?: string; quarantine?: true }, command: Command) => {
      const options = { ...(by !== undefined && { by }), ...(quarantine === true && { state: 'QUARANTINED' as const }) };
      tell(await clientFor(command).resumeGate(targetOf(flags), options), command, context);
    });
};
