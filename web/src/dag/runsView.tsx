/** The runs of the same name side by side: a row for each task, a column for each run. */
import { useMemo, useState } from 'preact/hooks';
import { StatusShape } from '../parts/badge';
import { durationText, exactText, plural } from '../parts/format';
import { Empty, Shown } from '../parts/notices';
import { lookOf } from '../parts/status';
import { now } from '../live/now';
import { Duration, When } from '../parts/times';
import { dagPath, taskPath } from '../routing/paths';
import { Link } from '../routing/router';
import { isFinalDag, timeOf, timeOrNull, type Dag, type Task } from './model';
import { useRuns, useRunTasks, type Run } from './useRuns';

/** So many tasks are read in all: the more a run has, the fewer runs are shown. */
const MOST_TASKS = 20_000;
const MOST_COLUMNS = 20;
const ROWS = 200;

const columnsFor = (runs: readonly Dag[], current: Dag): readonly Dag[] => {
  const room = Math.max(3, Math.min(MOST_COLUMNS, Math.floor(MOST_TASKS / Math.max(1, current.totalTasks))));
  const nearest = runs.slice(0, room);
  const shown = nearest.some(({ dagId }) => dagId === current.dagId) ? nearest : [...nearest.slice(0, room - 1), current];
  return [...shown].reverse();
};

/** Of one that goes on: until now. */
const tookMs = (dag: Dag): number => Math.max(0, (timeOrNull(dag.completedAt) ?? now.value) - timeOf(dag.startedAt ?? dag.createdAt));

const RunHead = ({ dag, longest, isCurrent }: { readonly dag: Dag; readonly longest: number; readonly isCurrent: boolean }) => {
  const took = tookMs(dag);
  const look = lookOf(dag.status);
  const label = `Run of ${exactText(timeOf(dag.createdAt))}: ${look.word} ${isFinalDag(dag.status) ? 'in' : 'for'} ${durationText(took)}${isCurrent ? ' (this one)' : ''}`;
  return (
    <th scope="col" class={isCurrent ? 'run-head run-current' : 'run-head'}>
      <Link to={dagPath(dag.dagId)} title={label} aria-label={label}>
        <span class="run-bar" aria-hidden="true">
          <span class={`run-fill tone-${look.tone}`} style={{ height: `${Math.max(6, (took / longest) * 100)}%` }} />
        </span>
        <StatusShape look={look} />
      </Link>
    </th>
  );
};

const Cell = ({ task }: { readonly task: Task | undefined }) => {
  if (task === undefined) return <td class="run-cell" />;
  const look = lookOf(task.status);
  const label = `${task.taskName}: ${look.word}${task.timing.runningMs > 0 ? ` in ${durationText(task.timing.runningMs)}` : ''}${task.attempt > 1 ? `, ${task.attempt} attempts` : ''}`;
  return (
    <td class="run-cell">
      <Link to={taskPath(task.taskId)} title={label} aria-label={label}>
        <StatusShape look={look} />
      </Link>
    </td>
  );
};

/** Tasks that didn't end well everywhere come first where only they are wanted. */
const namesOf = (runs: readonly Run[], isTroubleOnly: boolean): readonly string[] => {
  const found = new Map<string, boolean>();
  for (const { tasks } of runs)
    for (const { taskName, status } of tasks)
      found.set(taskName, (found.get(taskName) ?? false) || status === 'FAILED' || status === 'CANCELLED' || status === 'SKIPPED');
  return [...found].flatMap(([name, trouble]) => (isTroubleOnly && !trouble ? [] : [name]));
};

interface GridTableProps {
  readonly runs: readonly Run[];
  readonly names: readonly string[];
  /** Milliseconds of the longest run. */
  readonly longest: number;
  readonly current: Dag;
}

const GridTable = ({ runs, names, longest, current }: GridTableProps) => {
  const byName = useMemo(() => runs.map(({ tasks }) => new Map(tasks.map((task) => [task.taskName, task]))), [runs]);
  return (
    <div class="table-frame runs-frame" role="region" aria-label="Runs" tabIndex={0}>
      <table class="runs">
        <thead>
          <tr>
            <th scope="col">Task</th>
            {runs.map(({ dag }) => (
              <RunHead key={dag.dagId} dag={dag} longest={longest} isCurrent={dag.dagId === current.dagId} />
            ))}
          </tr>
        </thead>
        <tbody>
          {names.map((name) => (
            <tr key={name}>
              <th scope="row" class="run-name" title={name}>
                {name}
              </th>
              {byName.map((tasks, i) => (
                <Cell key={runs[i]!.dag.dagId} task={tasks.get(name)} />
              ))}
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
};

const Grid = ({ runs, current }: { readonly runs: readonly Run[]; readonly current: Dag }) => {
  const [isTroubleOnly, setTroubleOnly] = useState(false);
  const [rows, setRows] = useState(ROWS);
  const names = useMemo(() => namesOf(runs, isTroubleOnly), [runs, isTroubleOnly]);
  const longest = Math.max(1, ...runs.map(({ dag }) => tookMs(dag)));
  const [first, last] = [runs[0]?.dag, runs.at(-1)?.dag];
  return (
    <div class="stack">
      <div class="graph-bar">
        <label class="graph-choice">
          <input
            type="checkbox"
            checked={isTroubleOnly}
            onChange={({ currentTarget }) => {
              setTroubleOnly(currentTarget.checked);
            }}
          />
          Only tasks that failed or didn’t run
        </label>
        <span class="soft small">
          {plural(runs.length, 'run')}
          {first !== undefined && last !== undefined && (
            <>
              , submitted from <When at={first.createdAt} /> to <When at={last.createdAt} />
            </>
          )}
          ; the bars are their durations, the longest <Duration ms={longest} />
        </span>
      </div>
      {names.length === 0 ? (
        <Empty title="Every task completed in each of these runs.">Show all tasks to see how long each of them took.</Empty>
      ) : (
        <GridTable runs={runs} names={names.slice(0, rows)} longest={longest} current={current} />
      )}
      {names.length > rows && (
        <button
          type="button"
          class="button more"
          onClick={() => {
            setRows(rows + ROWS);
          }}
        >
          Show more of the {plural(names.length, 'task')}
        </button>
      )}
    </div>
  );
};

const Filled = ({ runs, dag }: { readonly runs: readonly Dag[]; readonly dag: Dag }) => {
  const columns = useMemo(() => columnsFor(runs, dag), [runs, dag.dagId]);
  const fetched = useRunTasks(columns);
  return (
    <Shown fetched={fetched} what="the runs">
      {(found) => <Grid runs={found} current={dag} />}
    </Shown>
  );
};

export const RunsView = ({ dag }: { readonly dag: Dag }) => {
  const fetched = useRuns(dag.dagName);
  return (
    <Shown fetched={fetched} what="the runs">
      {(runs) => <Filled runs={runs} dag={dag} />}
    </Shown>
  );
};
