/** The parts of a commit that few batches have: what is added to lists or to be told, which checkpoints were stored, outcomes of commands, changes of graphs. */
import type { AppliedEdit, AttemptChange, DeadLetterChange, HistoryChange, TaskChange } from '../../core/change';
import type { CommandOutcome } from '../../core/command';
import type { PlannedTask } from '../../core/dag';
import type { DagId } from '../../core/ids';
import type { EndNotice } from '../../core/notices';
import type { CommitBatch } from '../../ports/store';
import { type ArrayColumn, json, nested, parametersOf, plain, texts, valuesOf, words } from './arrays';

// The order of each list is that of its function's arguments (see the migrations).
const ATTEMPT_COLUMNS: readonly ArrayColumn<AttemptChange>[] = [
  plain('uuid', (change) => change.dag),
  plain('integer', (change) => change.task),
  plain('integer', (change) => change.dispatch),
  plain('integer', (change) => change.attempt),
  words((change) => change.worker),
  words((change) => change.session),
  plain('double precision', (change) => change.startedAt),
  plain('double precision', (change) => change.endedAt),
  words((change) => change.error),
];

const LETTER_COLUMNS: readonly ArrayColumn<DeadLetterChange>[] = [
  plain('uuid', (change) => change.dag),
  plain('integer', (change) => change.task),
  plain('integer', (change) => change.dispatch),
  plain('double precision', (change) => change.failedAt),
  plain('text', (change) => change.kind),
];

const HISTORY_COLUMNS: readonly ArrayColumn<HistoryChange>[] = [
  plain('uuid', (change) => change.dag),
  plain('double precision', (change) => change.at),
  texts((change) => change.kind),
  plain('integer', (change) => change.task),
  words((change) => change.by),
  words((change) => change.message),
];

export const OUTCOME_COLUMNS: readonly ArrayColumn<CommandOutcome>[] = [
  plain('bigint', (outcome) => outcome.id),
  plain('uuid', (outcome) => outcome.dag),
  plain('text', (outcome) => outcome.outcome),
  words((outcome) => outcome.detail),
  plain('integer', (outcome) => outcome.affected),
  plain('double precision', (outcome) => outcome.at),
];

const MARK_COLUMNS: readonly ArrayColumn<TaskChange>[] = [
  plain('uuid', (change) => change.dag),
  plain('integer', (change) => change.task),
  plain('bigint', (change) => change.checkpointMark?.fence ?? null),
  plain('integer', (change) => change.checkpointMark?.sequence ?? null),
];

interface EditedDag {
  readonly dag: DagId;
  readonly version: number;
  readonly added: number;
}

interface EditedTask {
  readonly dag: DagId;
  readonly shard: number;
  readonly index: number;
  readonly task: PlannedTask;
}

const EDITED_DAG_COLUMNS: readonly ArrayColumn<EditedDag>[] = [
  plain('uuid', ({ dag }) => dag),
  plain('integer', ({ version }) => version),
  plain('integer', ({ added }) => added),
];

const EDITED_TASK_COLUMNS: readonly ArrayColumn<EditedTask>[] = [
  plain('uuid', ({ dag }) => dag),
  plain('integer', ({ index }) => index),
  plain('smallint', ({ shard }) => shard),
  plain('smallint', ({ task }) => task.priority),
  plain('integer', ({ task }) => task.retry.maxRetries),
  plain('double precision', ({ task }) => task.timeoutSeconds),
  texts(({ task }) => task.name),
  texts(({ task }) => task.type),
  nested(({ task }) => task.dependencies),
  nested(({ task }) => task.tags),
  json(({ task }) => task.retry.backoff),
  json(({ task }) => task.simulate),
  texts(({ task }) => task.payload),
  json(({ task }) => task.options),
];

/** Several edits of one DAG in a batch are one: the newest version, the sum of what was added, each row as it was last. */
const collapsed = (edits: readonly AppliedEdit[]): { dags: EditedDag[]; tasks: EditedTask[] } => {
  const dags = new Map<DagId, EditedDag>();
  const tasks = new Map<string, EditedTask>();
  const put = (edited: EditedTask): void => {
    tasks.set(`${edited.dag}/${String(edited.index)}`, edited);
  };
  for (const { dag, shard, version, firstAdded, edit } of edits) {
    const before = dags.get(dag)?.added ?? 0;
    dags.set(dag, { dag, version, added: before + edit.added.length });
    edit.added.forEach((task, i) => {
      put({ dag, shard, index: firstAdded + i, task });
    });
    for (const { task: index, as: task } of edit.replaced) put({ dag, shard, index, task });
  }
  return { dags: [...dags.values()], tasks: [...tasks.values()] };
};

const NOTICE_COLUMNS: readonly ArrayColumn<EndNotice>[] = [
  plain('uuid', ({ dag }) => dag),
  plain('text', ({ event }) => event),
  plain('double precision', ({ at }) => at),
  json(({ end }) => end),
];

const lengths = [ATTEMPT_COLUMNS, LETTER_COLUMNS, HISTORY_COLUMNS, OUTCOME_COLUMNS, MARK_COLUMNS, NOTICE_COLUMNS].map((columns) => columns.length);
/** Parameters that `extraCalls` takes. */
export const EXTRA_COUNT = lengths.reduce((sum, length) => sum + length, 0);

/** The calls that add to lists and settle commands, their parameters counted from `first`. */
export const extraCalls = (first: number): string => {
  const letters = first + ATTEMPT_COLUMNS.length;
  const history = letters + LETTER_COLUMNS.length;
  const outcomes = history + HISTORY_COLUMNS.length;
  const marks = outcomes + OUTCOME_COLUMNS.length;
  const notices = marks + MARK_COLUMNS.length;
  // Letters of a command's tasks are settled before new ones come, which may be of the same tasks.
  return [
    `settle_commands(${parametersOf(OUTCOME_COLUMNS, outcomes)})`,
    `add_attempts(${parametersOf(ATTEMPT_COLUMNS, first)})`,
    `add_dead_letters(${parametersOf(LETTER_COLUMNS, letters)})`,
    `add_history(${parametersOf(HISTORY_COLUMNS, history)})`,
    `mark_checkpoints(${parametersOf(MARK_COLUMNS, marks)})`,
    `add_notices(${parametersOf(NOTICE_COLUMNS, notices)})`,
  ].join(', ');
};

const hasMark = ({ checkpointMark }: TaskChange): boolean => checkpointMark !== undefined;

const NO_NOTICES: readonly EndNotice[] = [];

export const hasExtras = ({ attempts, deadLetters, history, commands, edits, notices = NO_NOTICES, tasks }: CommitBatch): boolean =>
  attempts.length + deadLetters.length + history.length + commands.length + edits.length + notices.length > 0 || tasks.some(hasMark);

/** The values of those parameters. */
export const extraValues = ({ attempts, deadLetters, history, commands, notices = NO_NOTICES, tasks }: CommitBatch): string[] => [
  ...valuesOf(ATTEMPT_COLUMNS, attempts),
  ...valuesOf(LETTER_COLUMNS, deadLetters),
  ...valuesOf(HISTORY_COLUMNS, history),
  ...valuesOf(OUTCOME_COLUMNS, commands),
  ...valuesOf(MARK_COLUMNS, tasks.filter(hasMark)),
  ...valuesOf(NOTICE_COLUMNS, notices),
];

/** The call that writes what edits of graphs added and replaced. */
export const editCall = (first: number): string => `edit_tasks(${parametersOf([...EDITED_DAG_COLUMNS, ...EDITED_TASK_COLUMNS], first)})`;

/** The values of its parameters. */
export const editValues = (edits: readonly AppliedEdit[]): string[] => {
  const { dags, tasks } = collapsed(edits);
  return [...valuesOf(EDITED_DAG_COLUMNS, dags), ...valuesOf(EDITED_TASK_COLUMNS, tasks)];
};
