import { type Command, InvalidArgumentError, Option } from 'commander';
import type { Client, DagView, WorkflowOptions } from '../../sdk';
import { DEFAULT_SCALE, isApiError } from '../../sdk';
import { clientFor, type Context, wantsJson } from '../context';
import { EXIT } from '../exitCodes';
import { headline } from '../render/dag';
import { count, plain } from '../render/words';
import { tellFailure } from '../tellFailure';
import { readWorkflows, type Workflow } from '../workflows';

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

/**
 * Runs `work` over all items, a few at once, and answers what came of it, in their order; `failed` is told of the others. A refusal is about one
 * item, anything else would meet the rest as well: nothing more is begun then.
 */
const overAll = async <T, R>(items: readonly T[], work: (item: T) => Promise<R>, failed: (item: T, error: unknown) => void): Promise<R[]> => {
  const answers = new Map<number, R>();
  const left = [...items.entries()].reverse();
  const takeOn = async (): Promise<void> => {
    for (let next = left.pop(); next !== undefined; next = left.pop()) {
      const [i, item] = next;
      try {
        answers.set(i, await work(item));
      } catch (error) {
        if (!isApiError(error)) left.length = 0;
        failed(item, error);
      }
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, takeOn));
  return [...answers].sort(([a], [b]) => a - b).map(([, answer]) => answer);
};

const submitAll = async (client: Client, workflows: readonly Workflow[], context: Context, json: boolean): Promise<DagView[]> => {
  const { terminal } = context;
  const submitOne = async ({ submission }: Workflow): Promise<DagView> => {
    const dag = await client.submit(submission);
    if (!json) terminal.out(`${dag.dagId}  ${plain(dag.dagName)}: ${count(dag.totalTasks, 'task')} submitted`);
    return dag;
  };
  const submitted = await overAll(workflows, submitOne, ({ place }, error) => {
    tellFailure(context, place, error);
  });
  if (submitted.length < workflows.length) terminal.note(`${String(submitted.length)} of ${count(workflows.length, 'workflow')} submitted`);
  return submitted;
};

const waitForAll = (client: Client, dags: readonly DagView[], context: Context, json: boolean): Promise<DagView[]> => {
  const { terminal, now } = context;
  const waitForOne = async ({ dagId }: DagView): Promise<DagView> => {
    const dag = await client.wait(dagId);
    if (!json) terminal.out(headline(dag, { paint: terminal.paint, now: now() }));
    return dag;
  };
  return overAll(dags, waitForOne, ({ dagId }, error) => {
    tellFailure(context, dagId, error);
  });
};

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
      const workflows: Workflow[] = [];
      for (const file of files) workflows.push(...(await readWorkflows(file, context.stdin, options)));
      if (dryRun) {
        for (const { submission } of workflows) context.terminal.out(JSON.stringify(submission));
        return;
      }
      const [client, json] = [clientFor(command), wantsJson(command)];
      const submitted = await submitAll(client, workflows, context, json);
      const dags = wait ? await waitForAll(client, submitted, context, json) : submitted;
      if (json) context.terminal.out(JSON.stringify(dags));
      if (wait && dags.some(({ status }) => status !== 'COMPLETED')) context.leaveWith(EXIT.dagFailed);
    });
};
