import type { Command } from 'commander';
import { clientFor, type Context, wantsJson } from '../context';
import { EXIT } from '../exitCodes';
import { follow, jsonShow, showFor } from '../watchDag';

/** `dts watch DAG_ID` */
export const addWatch = (program: Command, context: Context): void => {
  program
    .command('watch')
    .description('follow a DAG until it is final; exit code 1 unless it is COMPLETED')
    .argument('<dagId>')
    .action(async (dagId: string, _options: object, command: Command) => {
      const { dag } = await follow(clientFor(command), dagId, context, wantsJson(command) ? jsonShow(context) : showFor(context));
      context.leaveWith(dag.status === 'COMPLETED' ? EXIT.ok : EXIT.dagFailed);
    });
};
