/** One command for many DAGs: asked once, sent a few at a time, and every refusal is told with its reason. */
import { signal } from '@preact/signals';
import type { DagView } from '../../../../src/sdk/responses';
import { api, type Asked, type DagCommand } from '../../api/client';
import { toldOf } from '../../api/problem';
import { confirm } from '../../parts/dialog';
import { plural } from '../../parts/format';
import { tell } from '../../parts/toasts';
import { dagPath } from '../../routing/paths';
import { Link } from '../../routing/router';

type Verb = DagCommand | 'delete';

interface Action {
  readonly verb: Verb;
  readonly title: string;
  readonly done: string;
  readonly text: string;
  readonly danger?: boolean;
  readonly fits: (dag: DagView) => boolean;
  /** Why it isn't possible where it fits none. */
  readonly unless: string;
}

const isOver = ({ status }: DagView): boolean => status === 'COMPLETED' || status === 'FAILED' || status === 'CANCELLED';

export const ACTIONS: readonly Action[] = [
  {
    verb: 'pause',
    title: 'Pause',
    done: 'paused',
    text: 'What runs goes on; nothing else starts until they are resumed.',
    fits: (dag) => !isOver(dag) && dag.status !== 'PAUSED',
    unless: 'All of them are over, or paused already.',
  },
  {
    verb: 'resume',
    title: 'Resume',
    done: 'resumed',
    text: 'Tasks that are ready start again.',
    fits: ({ status }) => status === 'PAUSED',
    unless: 'None of them is paused.',
  },
  {
    verb: 'cancel',
    title: 'Cancel',
    done: 'cancelled',
    text: 'What is queued never starts, what runs gets its signal to stop.',
    danger: true,
    fits: (dag) => !isOver(dag),
    unless: 'All of them are over.',
  },
  {
    verb: 'retry',
    title: 'Retry failed',
    done: 'retried',
    text: 'Failed and cancelled tasks run again, with what was skipped because of them.',
    fits: ({ failedTasks, cancelledTasks }) => failedTasks + cancelledTasks > 0,
    unless: 'None of their tasks failed or was cancelled.',
  },
  {
    verb: 'rerun',
    title: 'Rerun',
    done: 'started again',
    text: 'All of their tasks run again from the beginning.',
    fits: isOver,
    unless: 'None of them is over yet.',
  },
  {
    verb: 'delete',
    title: 'Delete',
    done: 'deleted',
    text: 'Their tasks, results, history and dead letters go as well. This can’t be undone.',
    danger: true,
    fits: isOver,
    unless: 'None of them is over yet.',
  },
];

interface Refused {
  readonly dag: DagView;
  readonly why: string;
}

/** What the last action was refused for. */
const refusals = signal<{ readonly title: string; readonly refused: readonly Refused[] } | undefined>(undefined);

const AT_ONCE = 4;

const send = (verb: Verb, { dagId }: DagView, asked: Asked): Promise<unknown> =>
  verb === 'delete' ? api.deleteDag(dagId) : api.commandDag(dagId, verb, asked);

const sendAll = async ({ verb }: Action, dags: readonly DagView[], asked: Asked): Promise<readonly Refused[]> => {
  const refused: Refused[] = [];
  const waiting = [...dags];
  const work = async (): Promise<void> => {
    for (let dag = waiting.shift(); dag !== undefined; dag = waiting.shift()) {
      try {
        await send(verb, dag, asked);
      } catch (error) {
        refused.push({ dag, why: toldOf(error).detail });
      }
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, work));
  return refused;
};

/** Asks, sends, and tells what came of it. True where anything was sent. */
export const act = async (action: Action, dags: readonly DagView[]): Promise<boolean> => {
  const fitting = dags.filter(action.fits);
  const left = dags.length - fitting.length;
  const asked = await confirm({
    title: `${action.title} ${plural(fitting.length, 'DAG')}?`,
    text: (
      <>
        <p>{action.text}</p>
        {left > 0 && <p>{plural(left, 'chosen DAG is', 'chosen DAGs are')} left as they are, since their state doesn’t allow it.</p>}
      </>
    ),
    verb: `${action.title} ${plural(fitting.length, 'DAG')}`,
    danger: action.danger === true,
    plain: action.verb === 'delete',
  });
  if (asked === undefined) return false;
  const refused = await sendAll(action, fitting, asked);
  refusals.value = refused.length === 0 ? undefined : { title: `${plural(refused.length, 'DAG')} could not be ${action.done}`, refused };
  if (refused.length < fitting.length) tell(`${plural(fitting.length - refused.length, 'DAG')} ${action.done}`);
  return true;
};

interface BarProps {
  readonly chosen: readonly DagView[];
  readonly clear: () => void;
  readonly done: () => void;
}

export const BulkBar = ({ chosen, clear, done }: BarProps) => (
  <div class="bulk" role="group" aria-label="What to do with the chosen DAGs">
    <strong>{chosen.length} chosen</strong>
    {ACTIONS.map((action) => (
      <button
        key={action.verb}
        type="button"
        class="button button-small"
        disabled={!chosen.some(action.fits)}
        title={chosen.some(action.fits) ? undefined : action.unless}
        onClick={() => {
          void act(action, chosen).then((sent) => {
            if (sent) done();
          });
        }}
      >
        {action.title}
      </button>
    ))}
    <button type="button" class="button-plain" onClick={clear}>
      Choose none
    </button>
  </div>
);

export const Refusals = () => {
  if (refusals.value === undefined) return null;
  const { title, refused } = refusals.value;
  return (
    <div class="notice notice-bad" role="alert">
      <p class="notice-title">{title}</p>
      <ul>
        {refused.map(({ dag, why }) => (
          <li key={dag.dagId} class="notice-text">
            <Link to={dagPath(dag.dagId)}>{dag.dagName}</Link>: {why}
          </li>
        ))}
      </ul>
      <button
        type="button"
        class="button button-small"
        onClick={() => {
          refusals.value = undefined;
        }}
      >
        Understood
      </button>
    </div>
  );
};
