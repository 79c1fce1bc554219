import type { Command } from 'commander';
import type { DagFilters, DagView } from '../../sdk';
import { clientFor, type Context, wantsJson } from '../context';
import { durationText, shortened, table } from '../render/words';

const LONGEST_NAME = 40;

const row =
  (now: number) =>
  (dag: DagView): string[] => {
    const took = Math.max(0, (dag.completedAt === null ? now : Date.parse(dag.completedAt)) - Date.parse(dag.createdAt));
    const ended = dag.completedTasks + dag.failedTasks + dag.skippedTasks + dag.cancelledTasks;
    return [
      dag.dagId,
      dag.status,
      `${String(ended)}/${String(dag.totalTasks)}`,
      dag.createdAt,
      durationText(took),
      shortened(dag.dagName, LONGEST_NAME),
    ];
  };

/** `dts list` */
export const addList = (program: Command, { terminal, now }: Context): void => {
  program
    .command('list')
    .description('list DAGs, the newest first')
    .option('--status <status>', 'CREATED, RUNNING, PAUSED, COMPLETED, FAILED or CANCELLED')
    .option('--name <name>', 'the name, or its beginning with * behind it')
    .option('--tag <tag>', 'a tag that they have')
    .option('--created-after <time>', 'ISO 8601')
    .option('--created-before <time>', 'ISO 8601')
    .option('--limit <number>', 'at most so many', '20')
    .option('--cursor <cursor>', 'go on where the last page ended')
    .action(async ({ limit, ...filters }: Omit<DagFilters, 'limit'> & { readonly limit: string }, command: Command) => {
      const page = await clientFor(command).dags({ ...filters, limit: Number(limit) });
      if (wantsJson(command)) {
        terminal.out(JSON.stringify(page));
        return;
      }
      if (page.items.length === 0) terminal.note('no DAG fits');
      else for (const line of table([['DAG', 'STATUS', 'ENDED', 'CREATED', 'TOOK', 'NAME'], ...page.items.map(row(now()))])) terminal.out(line);
      if (page.nextCursor !== null) terminal.note(`there are more: --cursor ${page.nextCursor}`);
    });
};
