/**
 * Stories: readable transcripts of what the law does. A story begins with its tasks (`name <- dependency, dependency; retries n; rule r; approval`),
 * one a line; then come lines of events, each followed by what the law made of it (`=> …`), which is recorded, not written by hand.
 *
 *   report NAME#DISPATCH completed | started | failed | fatal      lose NAME#DISPATCH      give back NAME#DISPATCH
 *   withdraw NAME#DISPATCH (it is with nobody)      command WHAT [NAME, NAME] [more]: cancel, pause, resume, drain, retry, rerun, skip, hold,
 *   release, approve, complete, fail; `retry NAME down` takes its downstream with it
 *   due NAME#DISPATCH      continue      restart (the memory is lost; the run is read from its rows)
 */
import type { Command } from '../../src/core/command';
import type { PlannedTask, TriggerRule } from '../../src/core/dag';
import { runOfRecord } from '../../src/core/restore';
import { runOfPlan, type Run } from '../../src/core/run';
import { statusOf } from '../../src/core/states';
import type { Step } from '../../src/core/step';
import {
  applyAll,
  changesOf,
  commanded,
  completed,
  DAG,
  due,
  failed,
  lost,
  planOf,
  plannedTask,
  released,
  rowsOf,
  started,
  T0,
  withdrawn,
  type LawEvent,
} from './model';

const LAW = { maxLosses: 2, maxDeaths: 2, maxKills: 1, cascadeLimit: 3 };

const readTask = (line: string, names: string[]): PlannedTask => {
  const [, name, parents, retries, rule, approval] =
    /^ {2}(\w+)(?: <- ([\w, ]+))?(?:; retries (\d+))?(?:; rule (\w+))?(; approval)?$/.exec(line) ?? [];
  if (name === undefined) throw new Error(`not a task: "${line}"`);
  names.push(name);
  return plannedTask(
    name,
    (parents ?? '')
      .split(', ')
      .filter(Boolean)
      .map((parent) => names.indexOf(parent)),
    {
      options:
        rule === undefined && approval === undefined
          ? null
          : { ...(rule && { triggerRule: rule as TriggerRule }), ...(approval && { requiresApproval: true }) },
      retry: { maxRetries: Number(retries ?? 0), backoff: { type: 'fixed', initialMs: 1000, factor: 1, maxMs: 1000, jitter: 0 } },
    },
  );
};

const readCommand = (line: string, names: readonly string[]): Command => {
  const [, kind, named, down] = /^command (\w+)(?: (\w+(?:, \w+)*))?( down)?$/.exec(line) ?? [];
  const tasks = named === undefined ? null : named.split(', ').map((name) => names.indexOf(name));
  if (tasks?.includes(-1)) throw new Error(`not a task: "${line}"`);
  if (kind === 'pause' || kind === 'resume' || kind === 'drain') return { kind };
  if (kind === 'cancel') return { kind, tasks };
  if (kind === 'retry') return { kind, tasks, downstream: down !== undefined };
  if (kind === 'rerun') return { kind, task: tasks?.[0] ?? null };
  if (kind === 'hold') return { kind, tasks: tasks ?? [], resumeAt: null };
  if (kind === 'skip' || kind === 'release' || kind === 'approve') return { kind, tasks: tasks ?? [] };
  if (kind === 'complete' || kind === 'fail') return { kind: 'mark', task: tasks?.[0] ?? 0, as: kind === 'complete' ? 'COMPLETED' : 'FAILED' };
  throw new Error(`not a command: "${line}"`);
};

const readEvent = (line: string, names: readonly string[]): LawEvent => {
  if (line === 'continue') return { type: 'continued', dag: DAG };
  if (line.startsWith('command ')) return commanded(readCommand(line, names));
  const [, verb, name, number, what] = /^(report|lose|give back|withdraw|due) (\w+)#(\d+)(?: (\w+))?$/.exec(line) ?? [];
  const task = names.indexOf(name ?? '');
  if (verb === undefined || task < 0) throw new Error(`not an event: "${line}"`);
  const dispatch = Number(number);
  if (verb === 'lose') return lost(task, dispatch);
  if (verb === 'give back') return released(task, dispatch);
  if (verb === 'withdraw') return withdrawn(task, dispatch);
  if (verb === 'due') return due(task, dispatch);
  if (what === 'completed') return completed(task, dispatch);
  if (what === 'started') return started(task, dispatch);
  if (what === 'failed' || what === 'fatal') return failed(task, dispatch, { retryable: what === 'failed' });
  throw new Error(`not a report: "${line}"`);
};

const outcomeOf = (run: Run, step: Step): string => {
  const names = (tasks: readonly number[]): string => tasks.map((task) => run.specs[task]!.name).join(', ');
  const { tasks } = changesOf(step);
  const parts = step.commands.map(({ detail, affected }) => (detail === null ? `applied to ${String(affected)}` : `refused: ${detail}`));
  parts.push(...step.ready.map(({ task, dispatch }) => `ready ${run.specs[task]!.name}#${String(dispatch)}`));
  for (const status of ['PENDING', 'RUNNING', 'RETRYING', 'CANCELLING', 'COMPLETED', 'FAILED', 'SKIPPED', 'CANCELLED'] as const) {
    const of = tasks.filter((change) => change.status === status).map(({ task }) => task);
    if (of.length > 0) parts.push(`${names(of)} ${status}${status === 'RETRYING' ? ` until +${String(run.dueTimes.get(of[0]!)! - T0)} ms` : ''}`);
  }
  for (const { reason } of step.refused) parts.push(`refused: ${reason}`);
  if (step.continued.size > 0) parts.push('to be continued');
  if (step.settled.length > 0) parts.push(`DAG ${run.status}`);
  return `=> ${parts.length === 0 ? 'nothing' : parts.join('; ')}`;
};

const stateOf = (run: Run): string =>
  `=> ${run.specs.map(({ name }, task) => `${name}#${String(run.dispatch[task])} ${statusOf(run.state[task]!)}`).join('; ')}`;

/** The story with its outcomes as the law tells them now. Lines before the first task and blank ones stay as they are. */
export const tellStory = (story: string): string => {
  const lines = story.split('\n').filter((line) => !line.startsWith('=>'));
  const names: string[] = [];
  const plan = planOf(lines.filter((line) => line.startsWith('  ')).map((line) => readTask(line, names)));
  const rows = rowsOf(plan);
  let run = runOfPlan(plan);
  const act = (line: string): string => {
    if (line === 'restart') {
      run = runOfRecord(rows.record(), T0);
      return stateOf(run);
    }
    const step = applyAll(run, [readEvent(line, names)], T0, LAW);
    const outcome = outcomeOf(run, step);
    rows.apply(changesOf(step));
    return outcome;
  };
  return lines.flatMap((line) => (line === '' || line.startsWith('#') || line.startsWith('  ') ? [line] : [line, act(line)])).join('\n');
};
