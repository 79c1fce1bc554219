/** How history, commands, attempts and dead letters look as JSON. */
import type { Command } from '../core/command';
import { taskIdOf, type DagId } from '../core/ids';
import type { CommandView, HistoryView } from '../ports/history';
import type { DeadLetterDetail, DeadLetterView } from '../ports/letters';
import { attemptValue, isoTime, taskJson } from './present';

/** JSON text of a line of a DAG's history. */
export const eventJson = ({ id, at, kind, task, by, message }: HistoryView): string =>
  JSON.stringify({
    eventId: id,
    at: isoTime(at),
    kind,
    taskId: task === null ? null : taskIdOf(task.ref.dag, task.ref.task),
    taskName: task?.name ?? null,
    by,
    message,
  });

/** What a command says beside its kind and its tasks; payloads and results are only told to be there. */
const particularsOf = (command: Command): object => {
  switch (command.kind) {
    case 'retry':
      return { downstream: command.downstream, payloadEdited: command.payload !== undefined };
    case 'mark':
      return { as: command.as };
    case 'hold':
      return { resumeAt: isoTime(command.resumeAt) };
    case 'edit': {
      const { added, replaced, removed } = command.edit;
      return { added: added.map(({ name }) => name), replaced: replaced.map(({ as }) => as.name), removed: removed.length };
    }
    default:
      return {};
  }
};

const tasksOf = (command: Command): readonly number[] | null => {
  if ('tasks' in command) return command.tasks;
  if (!('task' in command) || command.task === null) return null;
  return [command.task];
};

const taskIds = (dag: DagId, tasks: readonly number[] | null): readonly string[] | null => tasks && tasks.map((task) => taskIdOf(dag, task));

/** JSON text of a command. */
export const commandJson = (view: CommandView): string =>
  JSON.stringify({
    commandId: view.id,
    dagId: view.dag,
    kind: view.command.kind,
    taskIds: taskIds(view.dag, tasksOf(view.command)),
    particulars: particularsOf(view.command),
    by: view.by,
    reason: view.reason,
    requestedAt: isoTime(view.requestedAt),
    notBefore: isoTime(view.notBefore),
    outcome: view.outcome,
    detail: view.detail,
    affected: view.affected,
    settledAt: isoTime(view.settledAt),
  });

const letterValue = ({ task, ...letter }: DeadLetterView): object => ({
  letterId: letter.id,
  state: letter.state,
  kind: letter.kind,
  failedAt: isoTime(letter.failedAt),
  dagId: task?.ref.dag ?? null,
  dagName: task?.dagName ?? null,
  taskId: task === null ? null : taskIdOf(task.ref.dag, task.ref.task),
  taskName: task?.name ?? null,
  type: task?.type ?? null,
  dispatch: task?.dispatch ?? null,
  record: letter.record,
  error: letter.error,
  settledAt: isoTime(letter.settledAt),
  settledBy: letter.settledBy,
  publishedAt: isoTime(letter.publishedAt),
});

/** JSON text of a dead letter. */
export const letterJson = (letter: DeadLetterView): string => JSON.stringify(letterValue(letter));

/** JSON text of a dead letter with its task as it is now, and every attempt that failed. */
export const letterDetailJson = (letter: DeadLetterDetail): string => {
  const facts = JSON.stringify({ ...letterValue(letter), attempts: letter.attempts.map(attemptValue) });
  return `${facts.slice(0, -1)},"task":${letter.now === null ? 'null' : taskJson(letter.now)}}`;
};
