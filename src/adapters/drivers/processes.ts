/** Workers as processes of this machine. They outlive the scheduler that started them: whoever leads next finds them by their names. */
import { spawn, type ChildProcess } from 'node:child_process';
import type { WorkerDriver } from '../../ports/scaling';
import { leaving, type AskToLeave } from './leaving';

export interface ProcessDriverNeeds {
  /** The program, and what it is to be told beside its role, its name and its port. */
  readonly script: string;
  readonly args: readonly string[];
  /** Their environment, if it isn't that of this process. */
  readonly env?: Readonly<Record<string, string | undefined>> | undefined;
  readonly ask: AskToLeave;
  /** A process that this one started has ended, and not as asked. */
  readonly onFailed: (id: string, how: string) => void;
}

/** Resolves once the system has started it. Its settings are this process's own; its log goes where this one's does. */
const startProcess = (script: string, args: readonly string[], env: ProcessDriverNeeds['env']): Promise<ChildProcess> =>
  new Promise((resolve, reject) => {
    // A session of its own: Ctrl-C in the terminal of a scheduler is no word to its workers.
    const child = spawn(process.execPath, [script, ...args], { detached: true, stdio: ['ignore', 'inherit', 'inherit'], env });
    child.once('spawn', () => {
      resolve(child);
    });
    child.once('error', reject);
    child.unref();
  });

/** Makes the driver. */
export const createProcessDriver = ({ script, args, env, ask, onFailed }: ProcessDriverNeeds): WorkerDriver => {
  const children = new Map<string, ChildProcess>();
  const start = async (id: string): Promise<void> => {
    const child = await startProcess(script, ['--role=worker', `--worker-id=${id}`, '--port=0', ...args], env);
    children.set(id, child);
    child.once('exit', (code, signal) => {
      if (children.get(id) === child) children.delete(id);
      if (code !== 0) onFailed(id, signal === null ? `it ended with code ${String(code)}` : `it was ended by ${signal}`);
    });
  };
  return {
    name: 'local',
    outlive: true,
    desired: () => Promise.resolve(undefined),
    start: async (ids) => {
      for (const id of ids) await start(id);
      return `started ${ids.join(', ')}`;
    },
    leave: leaving(ask, (id) => {
      // It has no session yet that could be asked: the signal makes it leave in the same way.
      children.get(id)?.kill('SIGTERM');
      return Promise.resolve();
    }),
  };
};
