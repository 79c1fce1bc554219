/** What can be asked of a DAG and of a task: where it is possible, what is asked for it, and why not where it isn't. */
import type { DagCommand, TaskCommand } from '../api/client';
import type { AskedField } from '../parts/asked';
import { jsonText } from '../parts/jsonText';
import { isAwaitingApproval, isFinalDag, isFinalTask, type Dag, type Task } from './model';

export interface Offered<Subject, Command> {
  readonly command: Command;
  readonly verb: string;
  readonly text: string;
  readonly done: string;
  readonly danger?: boolean;
  readonly body?: object;
  /** Tells apart what one command is asked for in several ways. */
  readonly key?: string;
  readonly fields?: (subject: Subject) => readonly AskedField[];
  readonly offered: (subject: Subject) => boolean;
  /** Why it isn't possible where it isn't offered. */
  readonly unless: string;
}

/** What a reader might look for and can't have now, and why. */
export interface Withheld {
  readonly verb: string;
  readonly why: string;
}

export const withheld = <Subject>(commands: readonly Offered<Subject, unknown>[], subject: Subject): readonly Withheld[] =>
  commands.filter(({ offered }) => !offered(subject)).map(({ verb, unless }) => ({ verb, why: unless }));

const DOWNSTREAM: AskedField = { kind: 'check', name: 'downstream', label: 'Run what was skipped because of it as well', value: 'yes' };

const isLive = ({ status }: Dag): boolean => !isFinalDag(status);

export const DAG_COMMANDS: readonly Offered<Dag, DagCommand>[] = [
  {
    command: 'pause',
    verb: 'Pause',
    text: 'What runs goes on to its end; nothing else starts until the DAG is resumed.',
    done: 'Paused',
    offered: (dag) => isLive(dag) && dag.status !== 'PAUSED',
    unless: 'It is over, or paused already.',
  },
  {
    command: 'resume',
    verb: 'Resume',
    text: 'Ready tasks start again.',
    done: 'Resumed',
    offered: ({ status }) => status === 'PAUSED',
    unless: 'It isn’t paused.',
  },
  {
    command: 'retry',
    verb: 'Retry failed tasks',
    text: 'Failed and cancelled tasks begin again, from their checkpoints and with all their retries. What is completed stays.',
    done: 'Retried',
    offered: ({ failedTasks, cancelledTasks }) => failedTasks + cancelledTasks > 0,
    fields: () => [DOWNSTREAM],
    unless: 'None of its tasks failed or was cancelled.',
  },
  {
    command: 'rerun',
    verb: 'Run again',
    text: 'The whole DAG begins again from the start. Its results so far are replaced.',
    done: 'Begun again',
    danger: true,
    offered: ({ status }) => isFinalDag(status),
    unless: 'It isn’t over yet: cancel it first, or wait.',
  },
  {
    command: 'drain',
    verb: 'Drain',
    text: 'What runs goes on to its end and is not tried again; whatever hasn’t begun is cancelled.',
    done: 'Draining',
    danger: true,
    offered: isLive,
    unless: 'It is over already.',
  },
  {
    command: 'cancel',
    verb: 'Cancel',
    text: 'What is queued never starts, and what runs gets its signal to stop. What is completed stays.',
    done: 'Cancelled',
    danger: true,
    offered: isLive,
    unless: 'It is over already.',
  },
];

const canEnd = ({ status }: Task): boolean => !isFinalTask(status) && status !== 'CANCELLING';

export const TASK_COMMANDS: readonly Offered<Task, TaskCommand>[] = [
  {
    command: 'approve',
    verb: 'Approve',
    text: 'The task starts as soon as a worker is free. To reject it, mark it as failed.',
    done: 'Approved',
    offered: isAwaitingApproval,
    unless: 'It doesn’t wait for approval.',
  },
  {
    command: 'release',
    verb: 'Release',
    text: 'The task may start again.',
    done: 'Released',
    offered: ({ reason }) => reason?.code === 'HELD' && reason.approval === undefined,
    unless: 'It isn’t held by hand.',
  },
  {
    command: 'retry',
    verb: 'Retry',
    text: 'The task begins again from its checkpoint, with all its retries.',
    done: 'Retried',
    offered: ({ status }) => status === 'FAILED' || status === 'CANCELLED',
    fields: ({ payload }) => [
      { kind: 'json', name: 'payload', label: 'Payload, as JSON', value: jsonText(payload), hint: 'As it was submitted.' },
      DOWNSTREAM,
    ],
    unless: 'It neither failed nor was cancelled.',
  },
  {
    command: 'rerun',
    verb: 'Rerun from here',
    text: 'The task and everything after it begin again from the start. Their results so far are replaced.',
    done: 'Begun again',
    danger: true,
    offered: ({ status }) => isFinalTask(status),
    unless: 'It isn’t over yet.',
  },
  {
    command: 'hold',
    verb: 'Hold',
    text: 'The task doesn’t start until it is released; one that runs is ended, and starts again then.',
    done: 'Held',
    offered: (task) => canEnd(task) && task.reason?.code !== 'HELD',
    fields: () => [{ kind: 'moment', name: 'resumeAt', label: 'Until (optional: until it is released)', value: '' }],
    unless: 'It is over, being ended, or held already.',
  },
  {
    command: 'skip',
    verb: 'Skip',
    text: 'The task counts as skipped; what waits for it goes on as its own trigger rule says.',
    done: 'Skipped',
    offered: ({ status }) => ['PENDING', 'QUEUED', 'RETRYING', 'RUNNING'].includes(status),
    unless: 'It is over, or being ended.',
  },
  {
    command: 'mark',
    key: 'mark-completed',
    verb: 'Mark as completed',
    text: 'The task counts as completed, whatever its handler did or does. What waits for it goes on.',
    done: 'Marked as completed',
    body: { as: 'COMPLETED' },
    offered: ({ status }) => status !== 'COMPLETED' && status !== 'CANCELLING',
    fields: () => [
      {
        kind: 'json',
        name: 'result',
        label: 'Its result, as JSON (optional)',
        value: '',
        hint: 'What depends on it gets this as its input; none if left empty.',
      },
    ],
    unless: 'It is completed, or being ended.',
  },
  {
    command: 'mark',
    key: 'mark-failed',
    verb: 'Mark as failed',
    text: 'The task counts as failed, without a dead letter and without another attempt.',
    done: 'Marked as failed',
    danger: true,
    body: { as: 'FAILED' },
    offered: canEnd,
    unless: 'It is over, or being ended.',
  },
  {
    command: 'cancel',
    verb: 'Cancel',
    text: 'Queued, it never starts; running, it gets its signal to stop. What waits for it is skipped or cancelled.',
    done: 'Cancelled',
    danger: true,
    offered: canEnd,
    unless: 'It is over, or being ended.',
  },
];
