/** The front door of commands: each gets one outcome, stored with its effect. */
import type { Command, Commanded } from './command';
import { cancelDag, drainDag, pauseDag, resumeDag } from './control';
import { approveTasks, cancelTasks, holdTasks, markTask, releaseTasks, skipTasks } from './controlTasks';
import { applyEdit } from './edit';
import { note } from './failures';
import type { Moment } from './law';
import { nameOf, originOf, type Answer, type Asked } from './order';
import { rerun, retry } from './reopen';
import { taskCount, type Run } from './run';
import type { Step } from './step';

const obey = (step: Step, run: Run, command: Command, asked: Asked): Answer => {
  switch (command.kind) {
    case 'cancel':
      return command.tasks === null ? cancelDag(step, run, asked) : cancelTasks(step, run, command.tasks, asked);
    case 'pause':
      return pauseDag(step, run, asked);
    case 'resume':
      return resumeDag(step, run, asked);
    case 'drain':
      return drainDag(step, run, asked);
    case 'retry':
      return retry(step, run, command, asked);
    case 'rerun':
      return rerun(step, run, command, asked);
    case 'mark':
      return markTask(step, run, command, asked);
    case 'skip':
      return skipTasks(step, run, command, asked);
    case 'hold':
      return holdTasks(step, run, command, asked);
    case 'release':
      return releaseTasks(step, run, command, asked);
    case 'approve':
      return approveTasks(step, run, command, asked);
    case 'edit':
      return applyEdit(step, run, command.edit, asked);
  }
};

const tasksOf = (command: Command): readonly number[] => {
  if ('tasks' in command) return command.tasks ?? [];
  return 'task' in command && command.task !== null ? [command.task] : [];
};

const NAMES_SHOWN = 10;

/** What a line of history says beside its kind: the tasks meant, where they are several, and the reason given. */
const lineOf = (run: Run, command: Command, reason: string | null): string | null => {
  const tasks = tasksOf(command).filter((task) => task < taskCount(run));
  const shown = tasks.slice(0, NAMES_SHOWN).map((task) => nameOf(run, task));
  if (tasks.length > shown.length) shown.push(`and ${tasks.length - shown.length} more`);
  const parts = [...(tasks.length > 1 ? [shown.join(', ')] : []), ...(reason === null ? [] : [reason])];
  return parts.length === 0 ? null : parts.join(': ');
};

/**
 * Applies a command that wasn't settled before, which the caller knows. Its outcome is `step.commands`' last; an applied one is
 * a line of the DAG's history.
 */
export const applyCommand = (step: Step, run: Run, { id, command, by, reason }: Commanded, moment: Moment): void => {
  const answer = obey(step, run, command, { origin: originOf({ by, reason }, moment.now), moment });
  const outcome = { id, dag: run.dag, at: moment.now };
  if (typeof answer === 'string') {
    step.commands.push({ ...outcome, outcome: 'REFUSED', detail: answer, affected: 0 });
    return;
  }
  step.commands.push({ ...outcome, outcome: 'APPLIED', detail: null, affected: answer });
  const tasks = tasksOf(command);
  const line = { kind: command.kind, task: tasks.length === 1 ? tasks[0]! : null, message: lineOf(run, command, reason), at: moment.now };
  note(step, run, by === null ? line : { ...line, by });
};
