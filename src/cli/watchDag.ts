/** Follows a DAG until it is final: a picture that is drawn anew on a TTY, a line for each change elsewhere. */
import { type Client, type DagView, isFinal, type TaskView } from '../sdk';
import type { Context } from './context';
import { dagLines, headline } from './render/dag';
import { changeLines } from './render/changes';

const LOOK_MS = 150;
/** A DAG whose list takes long to fetch is asked for less often: looking costs a sixth of the server's time at most. */
const REST_FACTOR = 5;
/** Beside the tasks a picture has a headline, and the prompt needs a line. */
const OTHER_ROWS = 3;
/** More are never drawn one by one, however large the terminal is. */
const MOST_DRAWN = 60;

export interface Watched {
  readonly dag: DagView;
  readonly tasks: readonly TaskView[];
}

export type Show = (now: Watched, before: Watched | undefined) => void;

/** The tasks are read after the DAG: where it is final, they are too. */
const look = async (client: Client, dagId: string): Promise<Watched> => {
  const dag = await client.dag(dagId);
  return { dag, tasks: await client.tasks(dagId) };
};

/** Calls `show` with each look, and answers the last one. */
export const follow = async (client: Client, dagId: string, { now, pause }: Pick<Context, 'now' | 'pause'>, show: Show): Promise<Watched> => {
  let before: Watched | undefined;
  for (;;) {
    const begun = now();
    const seen = await look(client, dagId);
    show(seen, before);
    if (isFinal(seen.dag)) return seen;
    before = seen;
    await pause(Math.max(LOOK_MS, (now() - begun) * REST_FACTOR));
  }
};

/** For people: a live picture, or lines. */
export const showFor = ({ terminal, now }: Pick<Context, 'terminal' | 'now'>): Show => {
  const { paint } = terminal;
  if (terminal.isTty) {
    return ({ dag, tasks }) => {
      const mostTasks = Math.min(MOST_DRAWN, terminal.rows - OTHER_ROWS);
      terminal.redraw(dagLines(dag, tasks, { paint, now: now(), mostTasks }));
    };
  }
  return (seen, before) => {
    for (const line of changeLines(seen, before, { paint, now: now() })) terminal.out(line);
    if (isFinal(seen.dag)) terminal.out(headline(seen.dag, { paint, now: now() }));
  };
};

/** For programs: a line of JSON for each change, with the tasks that changed. */
export const jsonShow =
  ({ terminal }: Pick<Context, 'terminal'>): Show =>
  ({ dag, tasks }, before) => {
    const known = new Map(before?.tasks.map((task) => [task.taskId, JSON.stringify(task)]));
    const changed = tasks.filter((task) => known.get(task.taskId) !== JSON.stringify(task));
    if (changed.length > 0 || JSON.stringify(dag) !== JSON.stringify(before?.dag)) terminal.out(JSON.stringify({ dag, tasks: changed }));
  };
