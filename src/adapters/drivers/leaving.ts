/** How workers that were started one by one leave: by the engine's own drain. */
import type { WorkerDriver } from '../../ports/scaling';

/** Asks the live session of a worker to finish what it has and leave; false where it has none. */
export type AskToLeave = (id: string) => Promise<boolean>;

/** Asks each; `end` is for those that have no session, because they are still starting. */
export const leaving =
  (ask: AskToLeave, end: (id: string) => Promise<void>): WorkerDriver['leave'] =>
  async (ids) => {
    for (const id of ids) if (!(await ask(id))) await end(id);
    return `asked ${ids.join(', ')} to leave`;
  };
