/** This run beside another one, task by task. */
import { useMemo, useState } from 'preact/hooks';
import { StatusBadge } from '../parts/badge';
import { DataTable, type Column } from '../parts/dataTable';
import { durationText, exactText, plural, timeText } from '../parts/format';
import { Empty, Shown } from '../parts/notices';
import { lookOf } from '../parts/status';
import { Duration, Took, When } from '../parts/times';
import { now } from '../live/now';
import { dagPath } from '../routing/paths';
import { goWith, Link } from '../routing/router';
import { compareRuns, largestDelta, type Compared, type Difference, type Side } from './compare';
import { isFinalTask, timeOf, type Dag, type Task } from './model';
import { useRuns, useRunTasks, type Run } from './useRuns';

const WORDS: Readonly<Record<Difference, string>> = {
  onlyHere: 'only here',
  onlyThere: 'only there',
  status: 'state',
  result: 'result',
  definition: 'definition',
  worker: 'worker',
  attempts: 'attempts',
};

/** Half of the bar's width is this much of the largest difference. */
const DeltaBar = ({ ms, largest }: { readonly ms: number; readonly largest: number }) => {
  const share = largest === 0 ? 0 : Math.min(50, (Math.abs(ms) / largest) * 50);
  return (
    <span class="delta" title={`${ms > 0 ? '+' : ''}${ms.toLocaleString('en-GB')} ms`}>
      <span class="delta-text figure">{ms === 0 ? '±0' : `${ms > 0 ? '+' : '−'}${durationText(Math.abs(ms))}`}</span>
      <span class="delta-track" aria-hidden="true">
        <span
          class={ms > 0 ? 'delta-fill tone-bad' : 'delta-fill tone-good'}
          style={{ width: `${share}%`, left: ms > 0 ? '50%' : `${50 - share}%` }}
        />
      </span>
    </span>
  );
};

const sideCell = (side: Side | null) =>
  side === null ? (
    <span class="faint">not in it</span>
  ) : (
    <span class="row side-cell">
      <StatusBadge status={side.status} />
      {isFinalTask(side.status) && <Duration ms={side.ms} />}
    </span>
  );

const columnsOf = (largest: number): readonly Column<Compared>[] => [
  { key: 'name', title: 'Task', cell: ({ taskName }) => <span class="task-name">{taskName}</span> },
  { key: 'here', title: 'This run', cell: ({ here }) => sideCell(here) },
  { key: 'there', title: 'Other run', cell: ({ there }) => sideCell(there) },
  {
    key: 'delta',
    title: 'Slower or faster',
    cell: ({ deltaMs }) => (deltaMs === null ? <span class="faint">–</span> : <DeltaBar ms={deltaMs} largest={largest} />),
  },
  {
    key: 'differences',
    title: 'What differs',
    cell: ({ differences, here, there }) => (
      <span class="row">
        {differences.map((difference) => (
          <span
            key={difference}
            class="tag"
            title={difference === 'worker' ? `${here?.workerId ?? '–'} here, ${there?.workerId ?? '–'} there` : undefined}
          >
            {WORDS[difference]}
          </span>
        ))}
      </span>
    ),
  },
];

const ORDERS = { differing: 'What differs, largest first', all: 'All, as submitted' } as const;
type Order = keyof typeof ORDERS;
const ROWS = 200;

const weightOf = ({ differences, deltaMs }: Compared): number =>
  (differences.some((each) => each !== 'worker' && each !== 'attempts') ? 1e12 : 0) + Math.abs(deltaMs ?? 0);

const Totals = ({ here, there }: { readonly here: Dag; readonly there: Dag }) => (
  <dl class="facts compare-facts">
    {(
      [
        ['This run', here],
        ['Other run', there],
      ] as const
    ).map(([title, dag]) => (
      <div key={title} class="fact">
        <dt>{title}</dt>
        <dd>
          <StatusBadge status={dag.status} /> <Took from={dag.startedAt} to={dag.completedAt} />
          <p class="small soft">
            <Link to={dagPath(dag.dagId)}>
              submitted <When at={dag.createdAt} />
            </Link>
            {dag.version > 0 && `, graph changed ${plural(dag.version, 'time')}`}
          </p>
        </dd>
      </div>
    ))}
  </dl>
);

const Table = ({ tasks, other, dag }: { readonly tasks: readonly Task[]; readonly other: Run; readonly dag: Dag }) => {
  const [order, setOrder] = useState<Order>('differing');
  const all = useMemo(() => compareRuns(tasks, other.tasks), [tasks, other]);
  const rows = useMemo(() => {
    if (order === 'all') return all;
    return all.filter((each) => weightOf(each) > 0 || each.differences.length > 0).sort((a, b) => weightOf(b) - weightOf(a));
  }, [all, order]);
  const columns = useMemo(() => columnsOf(largestDelta(all)), [all]);
  return (
    <div class="stack">
      <Totals here={dag} there={other.dag} />
      <div class="graph-bar">
        <label class="graph-choice">
          Show
          <select
            value={order}
            onChange={({ currentTarget }) => {
              setOrder(currentTarget.value as Order);
            }}
          >
            {Object.entries(ORDERS).map(([key, words]) => (
              <option key={key} value={key}>
                {words}
              </option>
            ))}
          </select>
        </label>
        <span class="soft small">
          {plural(rows.length, 'task')} of {all.length}
          {rows.length > ROWS && `, the first ${ROWS} are shown`}
        </span>
      </div>
      {rows.length === 0 ? (
        <Empty title="Nothing differs.">Choose another run to compare with, or show all tasks.</Empty>
      ) : (
        <DataTable label="Comparison" columns={columns} rows={rows.slice(0, ROWS)} keyOf={({ taskName }) => taskName} />
      )}
    </div>
  );
};

const With = ({ tasks, other, dag }: { readonly tasks: readonly Task[]; readonly other: Dag; readonly dag: Dag }) => {
  const fetched = useRunTasks([other]);
  return (
    <Shown fetched={fetched} what="the other run">
      {([run]) => (run === undefined ? null : <Table tasks={tasks} other={run} dag={dag} />)}
    </Shown>
  );
};

interface CompareProps {
  readonly dag: Dag;
  readonly tasks: readonly Task[];
  /** The id of the other run; the one before this one without it. */
  readonly other: string | undefined;
}

export const CompareView = ({ dag, tasks, other }: CompareProps) => {
  const fetched = useRuns(dag.dagName);
  return (
    <Shown fetched={fetched} what="the runs">
      {(runs) => {
        const others = runs.filter(({ dagId }) => dagId !== dag.dagId);
        const chosen = others.find(({ dagId }) => dagId === other) ?? others.find(({ createdAt }) => createdAt < dag.createdAt) ?? others[0];
        if (chosen === undefined)
          return <Empty title={`There is no other run of ${dag.dagName}.`}>Submit a DAG of the same name, and both can be compared here.</Empty>;
        return (
          <div class="stack">
            <div class="filters">
              <label class="field compare-choice">
                <span>Compare with the run of</span>
                <select
                  value={chosen.dagId}
                  onChange={({ currentTarget }) => {
                    goWith({ with: currentTarget.value }, { replace: true });
                  }}
                >
                  {others.map(({ dagId, createdAt, status }) => (
                    <option key={dagId} value={dagId} title={exactText(timeOf(createdAt))}>
                      {timeText(timeOf(createdAt), now.value)}, {lookOf(status).word}
                    </option>
                  ))}
                </select>
              </label>
            </div>
            <With tasks={tasks} other={chosen} dag={dag} />
          </div>
        );
      }}
    </Shown>
  );
};
