/**
 * Stories: readable transcripts of what the law does. A story begins with its tasks (`name <- dependency, dependency; retries n`),
 * one a line; then come lines of events, each followed by what the law made of it (`=> …`), which is recorded, not written by hand.
 *
 *   report NAME#DISPATCH completed | started | failed | fatal      lose NAME#DISPATCH      give back NAME#DISPATCH
 *   due NAME#DISPATCH      continue      restart (the memory is lost; the run is read from its rows)
 */
import type { PlannedTask } from '../../src/core/dag';
import { runOfRecord } from '../../src/core/restore';
import { runOfPlan, type Run } from '../../src/core/run';
import { statusOf } from '../../src/core/states';
import type { Step } from '../../src/core/step';
import { applyAll, changesOf, completed, DAG, due, failed, lost, planOf, plannedTask, released, rowsOf, started, T0, type LawEvent } from './model';

const LAW = { maxLosses: 2, maxDeaths: 2, maxKills: 1, cascadeLimit: 3 };

const readTask = (line: string, names: string[]): PlannedTask => {
  const [, name, parents, retries] = /^ {2}(\w+)(?: <- ([\w, ]+))?(?:; retries (\d+))?$/.exec(line) ?? [];
  if (name === undefined) throw new Error(`not a task: "${line}"`);
  names.push(name);
  return plannedTask(
    name,
    (parents ?? '')
      .split(', ')
      .filter(Boolean)
      .map((parent) => names.indexOf(parent)),
    {
      retry: { maxRetries: Number(retries ?? 0), backoff: { type: 'fixed', initialMs: 1000, factor: 1, maxMs: 1000, jitter: 0 } },
    },
  );
};

const readEvent = (line: string, names: readonly string[]): LawEvent => {
  if (line === 'continue') return { type: 'continued', dag: DAG };
  const [, verb, name, number, what] = /^(report|lose|give back|due) (\w+)#(\d+)(?: (\w+))?$/.exec(line) ?? [];
  const task = names.indexOf(name ?? '');
  if (verb === undefined || task < 0) throw new Error(`not an event: "${line}"`);
  const dispatch = Number(number);
  if (verb === 'lose') return lost(task, dispatch);
  if (verb === 'give back') return released(task, dispatch);
  if (verb === 'due') return due(task, dispatch);
  if (what === 'completed') return completed(task, dispatch);
  if (what === 'started') return started(task, dispatch);
  if (what === 'failed' || what === 'fatal') return failed(task, dispatch, { retryable: what === 'failed' });
  throw new Error(`not a report: "${line}"`);
};

const outcomeOf = (run: Run, step: Step): string => {
  const names = (tasks: readonly number[]): string => tasks.map((task) => run.specs[task]!.name).join(', ');
  const { tasks } = changesOf(step);
  const parts = step.ready.map(({ task, dispatch }) => `ready ${run.specs[task]!.name}#${String(dispatch)}`);
  for (const status of ['RUNNING', 'RETRYING', 'COMPLETED', 'FAILED', 'SKIPPED'] as const) {
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
