import type { Command } from 'commander';
import { type DagEdit, isApiError } from '../../sdk';
import { clientFor, type Context } from '../context';
import { readDocument } from '../documents';
import { tellFailure } from '../tellFailure';
import { tell, whoOf, withWho, type WhoFlags } from './control';

/** `dts edit DAG_ID FILE` */
export const addEdit = (program: Command, context: Context): void => {
  const command = program
    .command('edit')
    .description('change what has not begun in a running DAG: {"add": [tasks], "replace": [tasks by their names], "remove": [names]}')
    .argument('<dagId>')
    .argument('<file>', 'JSON or YAML; - for the standard input');
  withWho(command).action(async (dagId: string, file: string, flags: WhoFlags, self: Command) => {
    const edit = (await readDocument(file, context.stdin)) as DagEdit;
    tell(await clientFor(self).edit(dagId, edit, whoOf(flags)), self, context);
  });
};

/** `dts delete DAG_ID...` */
export const addDelete = (program: Command, context: Context): void => {
  program
    .command('delete')
    .description('delete DAGs that are over, with their results, history and dead letters')
    .argument('<dagIds...>')
    .action(async (dagIds: string[], _options: object, command: Command) => {
      const client = clientFor(command);
      for (const dagId of dagIds) {
        try {
          await client.deleteDag(dagId);
          context.terminal.note(`${dagId} is deleted`);
        } catch (error) {
          if (!isApiError(error)) throw error;
          tellFailure(context, dagId, error);
        }
      }
    });
};
