import type { Command } from 'commander';
import type { HistoryEvent } from '../../sdk';
import { clientFor, type Context, wantsJson } from '../context';
import { shortened, table } from '../render/words';

const LONGEST_MESSAGE = 160;

const row = ({ at, kind, taskName, by, message }: HistoryEvent): string[] => [
  at,
  kind,
  taskName ?? '',
  by ?? '',
  shortened(message ?? '', LONGEST_MESSAGE),
];

/** `dts events DAG_ID` */
export const addEvents = (program: Command, { terminal }: Context): void => {
  program
    .command('events')
    .description('show the history of a DAG, oldest first')
    .argument('<dagId>')
    .option('--limit <number>', 'at most so many', '100')
    .option('--cursor <cursor>', 'go on where the last page ended')
    .action(async (dagId: string, { limit, cursor }: { limit: string; cursor?: string }, command: Command) => {
      const page = await clientFor(command).events(dagId, { limit: Number(limit), ...(cursor !== undefined && { cursor }) });
      if (wantsJson(command)) {
        terminal.out(JSON.stringify(page));
        return;
      }
      if (page.items.length === 0) terminal.note('nothing was done to it, and nothing notable happened');
      else for (const line of table([['AT', 'KIND', 'TASK', 'BY', 'MESSAGE'], ...page.items.map(row)])) terminal.out(line);
      if (page.nextCursor !== null) terminal.note(`there are more: --cursor ${page.nextCursor}`);
    });
};
