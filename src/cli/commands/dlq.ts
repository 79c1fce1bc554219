import { type Command, InvalidArgumentError, Option } from 'commander';
import { LETTER_KINDS, type DeadLetter, type DeadLetterFilter } from '../../sdk';
import { clientFor, type Context, wantsJson } from '../context';
import { readPayload } from '../documents';
import { usageError } from '../exitCodes';
import { LETTER_HEAD, letterLines, letterRow } from '../render/letter';
import { count, table } from '../render/words';
import { tell, whoOf, withWho, type WhoFlags } from './control';

interface FilterFlags {
  readonly kind?: readonly DeadLetter['kind'][];
  readonly type?: string;
  readonly dag?: string;
  readonly dagName?: string;
  readonly taskName?: string;
  readonly after?: string;
  readonly before?: string;
}

const withFilter = (command: Command): Command =>
  command
    .addOption(new Option('--kind <kinds...>', 'of these classes of failure').choices(LETTER_KINDS))
    .option('--type <type>', 'of tasks of this type')
    .option('--dag <dagId>', 'of this DAG')
    .option('--dag-name <name>', 'the name, or its beginning with * behind it')
    .option('--task-name <name>', 'the name, or its beginning with * behind it')
    .option('--after <time>', 'failed at this time or later (ISO 8601)')
    .option('--before <time>', 'failed before this time (ISO 8601)');

const filterOf = ({ kind, type, dag, dagName, taskName, after, before }: FilterFlags): DeadLetterFilter => ({
  ...(kind !== undefined && { kind }),
  ...(type !== undefined && { type }),
  ...(dag !== undefined && { dagId: dag }),
  ...(dagName !== undefined && { dagName }),
  ...(taskName !== undefined && { taskName }),
  ...(after !== undefined && { failedAfter: after }),
  ...(before !== undefined && { failedBefore: before }),
});

interface ListFlags extends FilterFlags {
  readonly state: DeadLetter['state'];
  readonly limit: string;
  readonly cursor?: string;
}

const addDlqList = (dlq: Command, { terminal }: Context): void => {
  const command = dlq
    .command('list')
    .description('list dead letters, the newest first')
    .addOption(new Option('--state <state>', 'in this state').choices(['OPEN', 'REPLAYED', 'DISCARDED']).default('OPEN'))
    .option('--limit <number>', 'at most so many', '50')
    .option('--cursor <cursor>', 'go on where the last page ended');
  withFilter(command).action(async ({ state, limit, cursor, ...flags }: ListFlags, self: Command) => {
    const paging = { limit: Number(limit), ...(cursor !== undefined && { cursor }) };
    const page = await clientFor(self).deadLetters({ state, ...paging, ...filterOf(flags) });
    if (wantsJson(self)) {
      terminal.out(JSON.stringify(page));
      return;
    }
    if (page.items.length === 0) terminal.note('no dead letter fits');
    else for (const line of table([LETTER_HEAD, ...page.items.map(letterRow)])) terminal.out(line);
    if (page.nextCursor !== null) terminal.note(`there are more: --cursor ${page.nextCursor}`);
  });
};

const addDlqShow = (dlq: Command, { terminal }: Context): void => {
  dlq
    .command('show')
    .description('show a dead letter: payload, and every attempt with its error, worker and times')
    .argument('<letterId>')
    .action(async (letterId: string, _options: object, command: Command) => {
      const letter = await clientFor(command).deadLetter(letterId);
      terminal.out(wantsJson(command) ? JSON.stringify(letter) : letterLines(letter, terminal.paint).join('\n'));
    });
};

/** Ids name letters one by one; without them a filter is needed, or --all, so that nobody means everything by accident. */
const mustSay = (ids: readonly string[], { all, ...flags }: FilterFlags & { all?: true }): void => {
  const filters = Object.keys(filterOf(flags)).length;
  if (ids.length > 0 && (all !== undefined || filters > 0)) throw usageError('give ids or a filter, not both');
  if (ids.length === 0 && all === undefined && filters === 0) throw usageError('which letters? Give ids, a filter, or --all');
};

const rateOf = (text: string): number => {
  const rate = Number(text);
  if (!(rate > 0 && rate <= 10_000)) throw new InvalidArgumentError('It must be a number above 0 and up to 10000.');
  return rate;
};

interface ReplayFlags extends FilterFlags, WhoFlags {
  readonly all?: true;
  readonly rate?: number;
  readonly payload?: string;
}

const addDlqReplay = (dlq: Command, context: Context): void => {
  const command = dlq
    .command('replay')
    .description('run tasks again that gave up, and what was skipped because of them')
    .argument('[letterIds...]')
    .option('--all', 'all open letters')
    .addOption(new Option('--rate <number>', 'so many start in a second, where a filter chooses them').argParser(rateOf))
    .option('--payload <json>', 'a payload in the place of the stored one; @FILE reads it from a file, @- from the standard input');
  withWho(withFilter(command)).action(async (ids: string[], { rate, payload, ...flags }: ReplayFlags, self: Command) => {
    mustSay(ids, flags);
    const client = clientFor(self);
    const options = { ...whoOf(flags), ...(payload === undefined ? {} : { payload: await readPayload(payload, context.stdin) }) };
    for (const id of ids) tell(await client.replayDeadLetter(id, options), self, context);
    if (ids.length > 0) return;
    const answer = await client.replayDeadLetters(filterOf(flags), { ...options, ...(rate !== undefined && { ratePerSecond: rate }) });
    if (wantsJson(self)) context.terminal.out(JSON.stringify(answer));
    else context.terminal.out(`${count(answer.letters, 'task')} to run again${answer.lastAt === null ? '' : `, the last one at ${answer.lastAt}`}`);
    if (answer.more) context.terminal.note('there are more: say it again once these are done');
  });
};

const addDlqDiscard = (dlq: Command, context: Context): void => {
  const command = dlq
    .command('discard')
    .description('close dead letters without running anything')
    .argument('[letterIds...]')
    .option('--all', 'all open letters');
  withWho(withFilter(command)).action(async (ids: string[], flags: FilterFlags & WhoFlags & { all?: true }, self: Command) => {
    mustSay(ids, flags);
    const client = clientFor(self);
    const print = (answer: object, text: string): void => {
      context.terminal.out(wantsJson(self) ? JSON.stringify(answer) : text);
    };
    for (const id of ids) print(await client.discardDeadLetter(id, whoOf(flags)), `dead letter ${id} is discarded`);
    if (ids.length > 0) return;
    const answer = await client.discardDeadLetters(filterOf(flags), whoOf(flags));
    print(answer, `${count(answer.letters, 'dead letter')} discarded`);
    if (answer.more) context.terminal.note('there are more: say it again');
  });
};

/** `dts dlq list|show|replay|discard` */
export const addDlq = (program: Command, context: Context): void => {
  const dlq = program.command('dlq').description('the dead letters: tasks that gave up, and records that nobody can decode');
  addDlqList(dlq, context);
  addDlqShow(dlq, context);
  addDlqReplay(dlq, context);
  addDlqDiscard(dlq, context);
};
