import type { Command } from 'commander';
import type { Client, WorkerView } from '../../sdk';
import { clientFor, type Context, wantsJson } from '../context';
import { workerLines, WORKER_HEAD, workerRow } from '../render/worker';
import { table } from '../render/words';
import { whoOf, withReason, type WhoFlags } from './control';

const addWorkersList = (workers: Command, { terminal, now }: Context): void => {
  workers
    .command('list', { isDefault: true })
    .description('list the workers that live, and those that were lost in the last ten minutes')
    .action(async (_options: object, command: Command) => {
      const all = await clientFor(command).workers();
      if (wantsJson(command)) terminal.out(JSON.stringify(all));
      else if (all.length === 0) terminal.note('no worker is alive');
      else for (const line of table([WORKER_HEAD, ...all.map(workerRow(now()))])) terminal.out(line);
    });
};

const addWorkersShow = (workers: Command, { terminal, now }: Context): void => {
  workers
    .command('show')
    .description('show a worker and what runs there')
    .argument('<workerId>')
    .action(async (workerId: string, _options: object, command: Command) => {
      const worker = await clientFor(command).worker(workerId);
      if (wantsJson(command)) terminal.out(JSON.stringify(worker));
      else for (const line of workerLines(worker, now())) terminal.out(line);
    });
};

interface Verb {
  readonly name: string;
  readonly about: string;
}

type Ask = (client: Client, workerId: string, flags: WhoFlags & { readonly stay?: true }) => Promise<{ readonly worker: WorkerView | null }>;

/** `dts workers VERB WORKER` */
const addWorkerVerb = (workers: Command, { terminal, now }: Context, { name, about }: Verb, ask: Ask): Command =>
  withReason(workers.command(name).description(about).argument('<workerId>')).action(async (workerId: string, flags: WhoFlags, command: Command) => {
    const answer = await ask(clientFor(command), workerId, flags);
    if (wantsJson(command)) terminal.out(JSON.stringify(answer));
    else if (answer.worker === null) terminal.out(`${workerId} is gone`);
    else terminal.out(workerLines(answer.worker, now())[0]!);
  });

/** `dts workers [list]|show|drain|resume|remove` */
export const addWorkers = (program: Command, context: Context): void => {
  const workers = program.command('workers').description('the workers: who lives, what they do, and how they leave');
  addWorkersList(workers, context);
  addWorkersShow(workers, context);
  const drain = { name: 'drain', about: 'let a worker finish what it has and leave' };
  addWorkerVerb(workers, context, drain, (client, id, { stay, ...flags }) =>
    client.drainWorker(id, { ...whoOf(flags), ...(stay !== undefined && { stay }) }),
  ).option('--stay', 'it stays, and takes nothing until it is resumed');
  const resume = { name: 'resume', about: 'let a worker that was drained to stay take work again' };
  addWorkerVerb(workers, context, resume, (client, id, flags) => client.resumeWorker(id, whoOf(flags)));
  const remove = { name: 'remove', about: 'end a worker at once, its tasks run elsewhere; forget a lost one' };
  addWorkerVerb(workers, context, remove, (client, id, flags) => client.removeWorker(id, whoOf(flags)));
};
