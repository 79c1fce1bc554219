/** From what a client asks of a DAG or a task to a command, and from its outcome to the answer. */
import type { DagRecord } from '../core/change';
import type { Command, GraphEdit } from '../core/command';
import type { TaskDefaults } from '../core/dag';
import { refusal } from '../core/refusal';
import type { Clock } from '../ports/clock';
import type { DagRemoval, HistoryViews } from '../ports/history';
import type { RunStore } from '../ports/store';
import type { DagView, DagViews, TaskView } from '../ports/views';
import { timeOf, wrongField, type Bodies, type Who } from './bodies';
import type { Requested, Requester } from './requester';
import type { Targets } from './targets';

export interface ControlNeeds {
  readonly targets: Targets;
  readonly requester: Requester;
  readonly store: Pick<RunStore, 'anyDag'>;
  readonly views: Pick<HistoryViews, 'commandWithKey'> & Pick<DagViews, 'taskDefaults'>;
  readonly removal: Pick<DagRemoval, 'remove'>;
  readonly clock: Pick<Clock, 'now'>;
  /** The JSON text of a payload or result, null for none; refuses what is too large or too deep, naming `path`. */
  readonly jsonText: (value: unknown, path: string) => string | null;
  /** Plans a change of a DAG that exists; refuses with all that is wrong with it. */
  readonly planEdit: (edited: { readonly dag: DagRecord; readonly defaults: TaskDefaults | undefined }, edit: Bodies['EditDagBody']) => GraphEdit;
}

/** Who asks, under which key (null for none), and until when it wants the answer. */
export interface Asking {
  readonly key: string | null;
  readonly signal: AbortSignal;
}

export const PLAIN_DAG_COMMANDS = ['cancel', 'pause', 'resume', 'drain'] as const;
export const PLAIN_TASK_COMMANDS = ['cancel', 'rerun', 'skip', 'release', 'approve'] as const;

/** Every call rejects with refusals, with the store's failures, and with COMMAND_REFUSED where the law refuses. */
export interface Control {
  onDag(kind: (typeof PLAIN_DAG_COMMANDS)[number], dagId: string, body: Bodies['CommandBody'], asking: Asking): Promise<Requested>;
  retryDag(dagId: string, body: Bodies['RetryDagBody'], asking: Asking): Promise<Requested>;
  rerunDag(dagId: string, body: Bodies['RerunDagBody'], asking: Asking): Promise<Requested>;
  editDag(dagId: string, body: Bodies['EditDagBody'], asking: Asking): Promise<Requested>;
  /** Deletes a final DAG with all that belongs to it. */
  deleteDag(dagId: string): Promise<void>;
  onTask(kind: (typeof PLAIN_TASK_COMMANDS)[number], taskId: string, body: Bodies['CommandBody'], asking: Asking): Promise<Requested>;
  retryTask(taskId: string, body: Bodies['RetryTaskBody'], asking: Asking): Promise<Requested>;
  holdTask(taskId: string, body: Bodies['HoldTaskBody'], asking: Asking): Promise<Requested>;
  markTask(taskId: string, body: Bodies['MarkTaskBody'], asking: Asking): Promise<Requested>;
}

/** Answers an applied or a waiting command; a refused one is thrown. */
export const refuseOrAnswer = (requested: Requested): Requested => {
  const { id, outcome } = requested;
  if (outcome?.outcome !== 'REFUSED') return requested;
  throw refusal('COMMAND_REFUSED', outcome.detail ?? 'it makes no sense now', { headers: { Location: `/api/v1/commands/${id}` } });
};

const plainTaskCommand = (kind: (typeof PLAIN_TASK_COMMANDS)[number], task: number): Command => {
  if (kind === 'rerun') return { kind, task };
  return { kind, tasks: [task] };
};

/** Makes the control of DAGs and tasks. */
export const createControl = ({ targets, requester, store, views, removal, clock, jsonText, planEdit }: ControlNeeds): Control => {
  const ask = async ({ dagId }: Pick<DagView, 'dagId'>, command: Command, { by, reason }: Who, { key, signal }: Asking): Promise<Requested> =>
    refuseOrAnswer(await requester.request({ dag: dagId, command, by: by ?? null, reason: reason ?? null, notBefore: null, key }, signal));

  const askTask = (task: TaskView, command: Command, who: Who, asking: Asking): Promise<Requested> =>
    ask({ dagId: task.ref.dag }, command, who, asking);

  /** Without the field, the stored payload stays. */
  const edited = (body: { readonly payload?: unknown }): { payload?: string | null } =>
    body.payload === undefined ? {} : { payload: jsonText(body.payload, 'payload') };

  return {
    onDag: async (kind, dagId, body, asking) => ask(await targets.dag(dagId), kind === 'cancel' ? { kind, tasks: null } : { kind }, body, asking),
    retryDag: async (dagId, body, asking) => {
      const dag = await targets.dag(dagId);
      const tasks = body.tasks ? await targets.indexes(dag, body.tasks, (i) => `tasks[${i}]`) : null;
      if (body.payload !== undefined && tasks?.length !== 1) throw wrongField('payload', 'can be given where exactly one task is named in tasks');
      return ask(dag, { kind: 'retry', tasks, downstream: body.downstream ?? true, ...edited(body) }, body, asking);
    },
    rerunDag: async (dagId, body, asking) => {
      const dag = await targets.dag(dagId);
      const task = body.from ? (await targets.indexes(dag, [body.from], () => 'from'))[0]! : null;
      return ask(dag, { kind: 'rerun', task }, body, asking);
    },
    editDag: async (dagId, body, asking) => {
      const dag = await targets.dag(dagId);
      // A repeated edit can't be planned again: the graph has changed by it.
      const earlier = asking.key === null ? undefined : await views.commandWithKey(dag.dagId, asking.key);
      if (earlier?.command.kind === 'edit') return refuseOrAnswer(await requester.await(earlier.id, asking.signal));
      const record = await store.anyDag(dag.dagId);
      if (record === undefined) throw refusal('DAG_NOT_FOUND', `no DAG ${dagId}`);
      return ask(dag, { kind: 'edit', edit: planEdit({ dag: record, defaults: await views.taskDefaults(dag.dagId) }, body) }, body, asking);
    },
    deleteDag: async (dagId) => {
      const { dagId: dag, status } = await targets.dag(dagId);
      const end = await removal.remove(dag);
      if (end === 'absent') throw refusal('DAG_NOT_FOUND', `no DAG ${dagId}`);
      if (end === 'live') throw refusal('DAG_NOT_FINAL', `the DAG is ${status}: it is deleted once it is over and no command waits`);
    },
    onTask: async (kind, taskId, body, asking) => {
      const task = await targets.task(taskId);
      return askTask(task, plainTaskCommand(kind, task.ref.task), body, asking);
    },
    retryTask: async (taskId, body, asking) => {
      const task = await targets.task(taskId);
      return askTask(task, { kind: 'retry', tasks: [task.ref.task], downstream: body.downstream ?? true, ...edited(body) }, body, asking);
    },
    holdTask: async (taskId, body, asking) => {
      const task = await targets.task(taskId);
      const resumeAt = timeOf(body.resumeAt) ?? null;
      if (resumeAt !== null && resumeAt <= clock.now()) throw wrongField('resumeAt', 'must be later than now');
      return askTask(task, { kind: 'hold', tasks: [task.ref.task], resumeAt }, body, asking);
    },
    markTask: async (taskId, body, asking) => {
      const task = await targets.task(taskId);
      if (body.as === 'FAILED' && body.result !== undefined) throw wrongField('result', 'belongs to COMPLETED: a task that failed leaves none');
      const result = body.result === undefined ? {} : { result: jsonText(body.result, 'result') };
      return askTask(task, { kind: 'mark', task: task.ref.task, as: body.as, ...result }, body, asking);
    },
  };
};
