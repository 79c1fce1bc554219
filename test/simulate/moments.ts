/** Moments that are short or rare, and what the user asks for in them: so every legal move is made often enough to be tested. */
import type { DagRecord, TaskRecord } from '../../src/core/change';
import type { Command } from '../../src/core/command';
import { isFinalDag, isFinalTask, type TaskStatus } from '../../src/core/dag';
import type { DagId } from '../../src/core/ids';
import type { Random } from './random';

/** What to ask now, or undefined where the moment isn't there. */
export type Moment = (random: Random, records: readonly DagRecord[], nowMs: number) => { readonly dag: DagId; readonly command: Command } | undefined;

const isIn =
  (...statuses: TaskStatus[]) =>
  ({ status }: TaskRecord): boolean =>
    statuses.includes(status);
const open = ({ status }: TaskRecord): boolean => !isFinalTask(status);

const oneOf = (random: Random, records: readonly DagRecord[], wanted: (record: DagRecord) => boolean): DagRecord | undefined => {
  const found = records.filter(wanted);
  return found.length === 0 ? undefined : random.pick(found);
};

/** A task waits for its next attempt. */
const beforeTheNextAttempt: Moment = (random, records) => {
  const record = oneOf(random, records, ({ tasks }) => tasks.some(isIn('RETRYING')));
  if (record === undefined) return undefined;
  const { task } = random.pick(record.tasks.filter(isIn('RETRYING')));
  const command = random.pick<Command>([
    { kind: 'hold', tasks: [task], resumeAt: null },
    { kind: 'skip', tasks: [task] },
    { kind: 'skip', tasks: [task] },
    { kind: 'mark', task, as: 'COMPLETED' },
    { kind: 'mark', task, as: 'COMPLETED' },
    { kind: 'mark', task, as: 'FAILED' },
    { kind: 'retry', tasks: [task], downstream: false },
  ]);
  return { dag: record.dag, command };
};

/** All that is left runs already. */
const beforeTheLastEnds: Moment = (random, records) => {
  const record = oneOf(random, records, ({ status, tasks }) => status === 'RUNNING' && tasks.filter(open).every(isIn('RUNNING')));
  return record === undefined ? undefined : { dag: record.dag, command: { kind: 'pause' } };
};

/** What is paused comes to its end all the same. */
const whilePaused: Moment = (random, records) => {
  const record = oneOf(random, records, ({ status }) => status === 'PAUSED');
  if (record === undefined) return undefined;
  const tasks = record.tasks.filter(open).map(({ task }) => task);
  if (record.startedAt === null && random.chance(0.4)) return { dag: record.dag, command: { kind: 'resume' } };
  return {
    dag: record.dag,
    command: random.pick<Command>([
      { kind: 'cancel', tasks },
      { kind: 'cancel', tasks },
      { kind: 'skip', tasks },
    ]),
  };
};

/** It is released before its worker has let go. */
const aShortHold: Moment = (random, records, nowMs) => {
  const record = oneOf(random, records, ({ status, tasks }) => status === 'RUNNING' && tasks.some(isIn('RUNNING')));
  if (record === undefined) return undefined;
  const { task } = random.pick(record.tasks.filter(isIn('RUNNING')));
  return { dag: record.dag, command: { kind: 'hold', tasks: [task], resumeAt: Math.floor(nowMs + random.between(8, 25)) } };
};

/** It ends early while attempts are under way. */
const whileSomeRun: Moment = (random, records) => {
  const record = oneOf(random, records, ({ status, tasks }) => status === 'RUNNING' && tasks.filter(isIn('QUEUED', 'RUNNING')).length >= 3);
  return record === undefined
    ? undefined
    : { dag: record.dag, command: random.pick<Command>([{ kind: 'drain' }, { kind: 'drain' }, { kind: 'cancel', tasks: null }]) };
};

/** The only failure, or the only cancelled task, of a DAG that is over is marked as complete: the DAG has another end then. */
const aRepair: Moment = (random, records) => {
  const status = random.pick(['FAILED', 'CANCELLED'] as const);
  const isOnly = ({ failedTasks, cancelledTasks, ...record }: DagRecord): boolean =>
    record.status === status && (status === 'FAILED' ? failedTasks === 1 : failedTasks === 0 && cancelledTasks === 1);
  const wanted = random.chance(0.6) ? (record: DagRecord) => isOnly(record) && record.cancelledTasks > 0 : isOnly;
  const record = oneOf(random, records, wanted);
  const task = record?.tasks.find(isIn(status))?.task;
  return record === undefined || task === undefined ? undefined : { dag: record.dag, command: { kind: 'mark', task, as: 'COMPLETED' } };
};

/** What has never been ready, or never will be, is decided by hand. */
const beforeItsTime: Moment = (random, records) => {
  const status = random.pick(['PENDING', 'PENDING', 'SKIPPED'] as const);
  const record = oneOf(random, records, ({ tasks }) => tasks.some(isIn(status)));
  if (record === undefined) return undefined;
  const { task } = random.pick(record.tasks.filter(isIn(status)));
  const as = status === 'SKIPPED' || random.chance(0.5) ? 'COMPLETED' : 'FAILED';
  return { dag: record.dag, command: { kind: 'mark', task, as } };
};

/** All of a DAG that failed begins again. */
const anotherTry: Moment = (random, records) => {
  const failsInside = ({ tasks }: DagRecord): boolean =>
    tasks.some(({ status, dependencies, options }) => status === 'FAILED' && dependencies.length > 0 && options?.triggerRule !== 'always');
  const record = oneOf(random, records, (each) => isFinalDag(each.status) && failsInside(each));
  return record === undefined ? undefined : { dag: record.dag, command: { kind: 'rerun', task: null } };
};

export const MOMENTS: readonly Moment[] = [
  beforeTheNextAttempt,
  beforeTheNextAttempt,
  beforeTheLastEnds,
  whilePaused,
  whilePaused,
  beforeItsTime,
  aShortHold,
  whileSomeRun,
  whileSomeRun,
  aRepair,
  aRepair,
  aRepair,
  aRepair,
  anotherTry,
];
