import { type Command, InvalidArgumentError, Option } from 'commander';
import type { Client, DagSubmission, DagView, WorkflowOptions } from '../../sdk';
import { DEFAULT_SCALE } from '../../sdk';
import { clientFor, type Context, wantsJson } from '../context';
import { EXIT } from '../exitCodes';
import { headline } from '../render/dag';
import { readWorkflows } from '../workflows';

interface Options extends WorkflowOptions {
  readonly dryRun?: true;
  readonly wait?: true;
}

/** Enough to keep the scheduler's batches full. */
const AT_ONCE = 8;

const numberBetween =
  (min: number, max: number) =>
  (text: string): number => {
    const number = text.trim() === '' ? NaN : Number(text);
    if (!(number >= min && number <= max)) throw new InvalidArgumentError(`It must be a number from ${String(min)} to ${String(max)}.`);
    return number;
  };

/** Runs `work` over all items, a few at once, answers in their order. */
const overAll = async <T, R>(items: readonly T[], work: (item: T) => Promise<R>): Promise<R[]> => {
  const answers: R[] = [];
  const left = [...items.entries()].reverse();
  const takeOn = async (): Promise<void> => {
    for (let next = left.pop(); next !== undefined; next = left.pop()) answers[next[0]] = await work(next[1]);
  };
  await Promise.all(Array.from({ length: AT_ONCE }, takeOn));
  return answers;
};

const submitAll = (client: Client, submissions: readonly DagSubmission[], { terminal }: Context, json: boolean): Promise<DagView[]> =>
  overAll(submissions, async (submission) => {
    const dag = await client.submit(submission);
    if (!json) terminal.out(`${dag.dagId}  ${dag.dagName}: ${String(dag.totalTasks)} tasks submitted`);
    return dag;
  });

const waitForAll = (client: Client, dags: readonly DagView[], { terminal, now }: Context, json: boolean): Promise<DagView[]> =>
  overAll(dags, async ({ dagId }) => {
    const dag = await client.wait(dagId);
    if (!json) terminal.out(headline(dag, { paint: terminal.paint, now: now() }));
    return dag;
  });

/** `dts import FILE...` */
export const addImport = (program: Command, context: Context): void => {
  program
    .command('import')
    .description('submit recorded scientific workflows (WfFormat 1.5, or slim ones as .ndjson; .gz too) as simulated DAGs')
    .argument('<files...>')
    .addOption(new Option('--scale <factor>', 'what recorded times are multiplied by').argParser(numberBetween(0, 1_000)).default(DEFAULT_SCALE))
    .addOption(new Option('--failure-rate <rate>', 'how often tasks fail, 0 to 1').argParser(numberBetween(0, 1)))
    .addOption(new Option('--max-retries <number>', 'retries of each task').argParser(numberBetween(0, 1_000)))
    .option('--dry-run', 'print the submissions, one a line, and submit nothing')
    .option('--wait', 'wait until all are final; exit code 1 unless all are COMPLETED')
    .action(async (files: string[], { dryRun, wait, ...options }: Options, command: Command) => {
      const submissions: DagSubmission[] = [];
      for (const file of files) submissions.push(...(await readWorkflows(file, context.stdin, options)));
      if (dryRun) {
        for (const submission of submissions) context.terminal.out(JSON.stringify(submission));
        return;
      }
      const [client, json] = [clientFor(command), wantsJson(command)];
      const submitted = await submitAll(client, submissions, context, json);
      const dags = wait ? await waitForAll(client, submitted, context, json) : submitted;
      if (json) context.terminal.out(JSON.stringify(dags));
      context.leaveWith(!wait || dags.every(({ status }) => status === 'COMPLETED') ? EXIT.ok : EXIT.dagFailed);
    });
};
