/** How what a DAG or a task can be asked for is asked of the reader, sent, and told of. */
import { api, type Asked } from '../api/client';
import { createKeyOf } from '../api/keys';
import { isUnanswered, RequestFailed, SEND_AGAIN, toldOf } from '../api/problem';
import type { AskedField } from '../parts/asked';
import { askFor, type Question, type Refused } from '../parts/dialog';
import { plural } from '../parts/format';
import { tell, tellFailure } from '../parts/toasts';
import { DAG_COMMANDS, TASK_COMMANDS, withheld, type Withheld } from './commands';
import { isFinalDag, type Dag, type Task } from './model';

export interface Action {
  readonly key: string;
  readonly verb: string;
  readonly question: Question;
  /** What comes again with the same key is done once. */
  readonly send: (asked: Asked, key: string) => Promise<{ readonly affected?: number; readonly outcome?: 'APPLIED' | null } | undefined>;
  /** What the reader is told where it worked. */
  readonly done: string;
}

export const dagActions = (dag: Dag): readonly Action[] => {
  const actions = DAG_COMMANDS.filter(({ offered }) => offered(dag)).map(({ command, verb, text, done, fields, danger = false }) => ({
    key: command,
    verb,
    done,
    question: { title: `${verb}: ${dag.dagName}?`, text, verb, danger, fields: fields?.(dag) ?? [] },
    send: (asked: Asked, key: string) => api.commandDag(dag.dagId, command, asked, key),
  }));
  return [...actions, isFinalDag(dag.status) ? deletion(dag) : changeOfGraph(dag)];
};

export const withheldFromDag = (dag: Dag): readonly Withheld[] => withheld(DAG_COMMANDS, dag);

/** Tasks by their names. */
const graphField = (name: string, label: string, placeholder: string): AskedField => ({
  kind: 'json',
  name,
  label,
  placeholder,
  value: '',
  hint: 'A list; left empty, there are none.',
});

const changeOfGraph = (dag: Dag): Action => ({
  key: 'edit',
  verb: 'Change the graph',
  done: 'The graph is changed',
  question: {
    title: `Change the graph of ${dag.dagName}?`,
    text: 'Tasks that haven’t begun can be replaced and removed, and others added. All of it is done, or nothing.',
    verb: 'Change it',
    fields: [
      graphField('add', 'Add these tasks, as JSON', '[{ "taskName": "check", "type": "DATA_PROCESSING", "dependencies": ["load"] }]'),
      graphField('replace', 'Replace these, as JSON', '[{ "taskName": "report", "type": "NOTIFICATION", "dependencies": ["check"] }]'),
      graphField('remove', 'Remove these, as JSON', '["cleanup"]'),
    ],
  },
  send: (asked, key) => api.editDag(dag.dagId, asked, key),
});

const deletion = (dag: Dag): Action => ({
  key: 'delete',
  verb: 'Delete',
  done: 'Deleted',
  question: {
    title: `Delete ${dag.dagName}?`,
    text: `The DAG goes for good, with its ${plural(dag.totalTasks, 'task')}, results, history and dead letters.`,
    verb: 'Delete',
    danger: true,
    plain: true,
  },
  send: () => api.deleteDag(dag.dagId),
});

export const taskActions = (task: Task): readonly Action[] =>
  TASK_COMMANDS.filter(({ offered }) => offered(task)).map(({ command, key = command, verb, text, done, fields, danger = false, body = {} }) => ({
    key,
    verb,
    done,
    question: { title: `${verb}: ${task.taskName}?`, text, verb, danger, fields: fields?.(task) ?? [] },
    send: (asked: Asked, key: string) => api.commandTask(task.taskId, command, { ...asked, ...body }, key),
  }));

export const withheldFromTask = (task: Task): readonly Withheld[] => withheld(TASK_COMMANDS, task);

/** Whether the words of the request were refused, and not what it asks for: they can be mended. */
const canBeMended = (error: unknown): boolean => error instanceof RequestFailed && (error.status === 400 || error.status === 422);

/** Why it is asked for again; undefined where that is of no use. */
const whyAgain = ({ fields = [] }: Question, error: unknown): string | undefined => {
  if (isUnanswered(error)) return SEND_AGAIN;
  return fields.length > 0 && canBeMended(error) ? toldOf(error).detail : undefined;
};

/** Asks, sends, and tells what became of it; true where it was done. What was typed wrong, or not answered, is asked for again. */
export const carryOut = async (action: Action, refused?: Refused, keyOf = createKeyOf()): Promise<boolean> => {
  const { verb, question, send, done } = action;
  const answered = await askFor(question, refused);
  if (answered === undefined) return false;
  try {
    const answer = await send(answered.asked, keyOf(JSON.stringify(answered.asked)));
    const affected = answer?.affected ?? 0;
    if (answer?.outcome === null) tell(`${verb}: asked for`, 'It is applied as soon as the scheduler that owns the DAG reads it.');
    else tell(done, affected > 0 ? `${plural(affected, 'task')} changed.` : undefined);
    return true;
  } catch (error) {
    const why = whyAgain(question, error);
    if (why !== undefined) return carryOut(action, { answered, why }, keyOf);
    tellFailure(verb, error);
    return false;
  }
};
