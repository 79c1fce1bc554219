import type { Command } from 'commander';
import type { DagSubmission, DagView } from '../../sdk';
import { clientFor, type Context, wantsJson } from '../context';
import { readDocument } from '../documents';
import { EXIT } from '../exitCodes';
import { count, plain } from '../render/words';
import { follow, jsonShow, showFor } from '../watchDag';

interface Options {
  readonly wait?: true;
  readonly idempotencyKey?: string;
}

/** `dts submit FILE` */
export const addSubmit = (program: Command, context: Context): void => {
  program
    .command('submit')
    .description('submit a DAG')
    .argument('<file>', 'JSON or YAML; - for the standard input')
    .option('--wait', 'follow it until it is final; exit code 1 unless it is COMPLETED')
    .option('--idempotency-key <key>', 'a repeated submission with the same key answers the first result')
    .action(async (file: string, { wait, idempotencyKey }: Options, command: Command) => {
      const submission = (await readDocument(file, context.stdin)) as DagSubmission;
      const client = clientFor(command);
      const dag = await client.submit(submission, { ...(idempotencyKey !== undefined && { idempotencyKey }) });
      const json = wantsJson(command);
      if (!json || !wait) context.terminal.out(json ? JSON.stringify(dag) : submitted(dag));
      if (!wait) return;
      const { dag: last } = await follow(client, dag.dagId, context, json ? jsonShow(context) : showFor(context));
      context.leaveWith(last.status === 'COMPLETED' ? EXIT.ok : EXIT.dagFailed);
    });
};

const submitted = ({ dagId, dagName, totalTasks }: DagView): string => `${dagId}  ${plain(dagName)}: ${count(totalTasks, 'task')} submitted`;
