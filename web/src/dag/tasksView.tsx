/** All tasks as a table: what the graph shows, for those who would rather read, search or sort. */
import { useMemo, useState } from 'preact/hooks';
import { now } from '../live/now';
import { StatusBadge } from '../parts/badge';
import { DataTable, type Column } from '../parts/dataTable';
import { countText, plural } from '../parts/format';
import { Empty } from '../parts/notices';
import { lookOf } from '../parts/status';
import { Duration, When } from '../parts/times';
import { taskPath } from '../routing/paths';
import { Link } from '../routing/router';
import { ranMs, SHOWN_ORDER, shownStatus, type ShownStatus, type Task } from './model';

const PAGE = 100;

const SORTS = { submitted: 'As submitted', name: 'By name', status: 'By state', running: 'Longest running', ended: 'Last ended' } as const;
type Sort = keyof typeof SORTS;

const later = (a: string | null, b: string | null): number => (b ?? '').localeCompare(a ?? '');

const COMPARE: Readonly<Record<Sort, (a: Task, b: Task) => number>> = {
  submitted: () => 0,
  name: (a, b) => a.taskName.localeCompare(b.taskName, undefined, { numeric: true }),
  status: (a, b) => SHOWN_ORDER.indexOf(shownStatus(a)) - SHOWN_ORDER.indexOf(shownStatus(b)),
  running: (a, b) => b.timing.runningMs - a.timing.runningMs,
  ended: (a, b) => later(a.completedAt, b.completedAt),
};

const Ran = ({ task }: { readonly task: Task }) => <Duration ms={task.startedAt === null ? null : ranMs(task, now.value)} />;

const COLUMNS: readonly Column<Task>[] = [
  {
    key: 'name',
    title: 'Task',
    cell: ({ taskId, taskName }) => (
      <Link to={taskPath(taskId)} class="task-name">
        {taskName}
      </Link>
    ),
  },
  { key: 'status', title: 'State', cell: (task) => <StatusBadge status={shownStatus(task)} /> },
  { key: 'type', title: 'Type', wide: true, cell: ({ type }) => <span class="soft small">{type}</span> },
  { key: 'attempt', title: 'Attempts', align: 'right', wide: true, cell: ({ attempt }) => <span class="figure">{attempt}</span> },
  { key: 'running', title: 'Ran', align: 'right', cell: (task) => <Ran task={task} /> },
  { key: 'worker', title: 'Worker', wide: true, cell: ({ workerId }) => workerId ?? <span class="faint">–</span> },
  { key: 'started', title: 'Started', wide: true, cell: ({ startedAt }) => <When at={startedAt} /> },
  { key: 'ended', title: 'Ended', wide: true, cell: ({ completedAt }) => <When at={completedAt} /> },
];

interface Wish {
  readonly text: string;
  /** Empty for all. */
  readonly status: ShownStatus | '';
  readonly sort: Sort;
}

const Filters = ({ wish, change }: { readonly wish: Wish; readonly change: (wish: Wish) => void }) => (
  <div class="filters">
    <label class="field">
      <span>Search by name or type</span>
      <input
        type="search"
        value={wish.text}
        onInput={({ currentTarget }) => {
          change({ ...wish, text: currentTarget.value });
        }}
      />
    </label>
    <label class="field">
      <span>State</span>
      <select
        value={wish.status}
        onChange={({ currentTarget }) => {
          change({ ...wish, status: currentTarget.value as ShownStatus | '' });
        }}
      >
        <option value="">All</option>
        {SHOWN_ORDER.map((each) => (
          <option key={each} value={each}>
            {lookOf(each).word}
          </option>
        ))}
      </select>
    </label>
    <label class="field">
      <span>Order</span>
      <select
        value={wish.sort}
        onChange={({ currentTarget }) => {
          change({ ...wish, sort: currentTarget.value as Sort });
        }}
      >
        {Object.entries(SORTS).map(([key, words]) => (
          <option key={key} value={key}>
            {words}
          </option>
        ))}
      </select>
    </label>
  </div>
);

interface TasksViewProps {
  readonly tasks: readonly Task[];
  readonly chosen: string | undefined;
}

export const TasksView = ({ tasks, chosen }: TasksViewProps) => {
  const [wish, setWish] = useState<Wish>({ text: '', status: '', sort: 'submitted' });
  const [page, setPage] = useState(0);
  const found = useMemo(() => {
    const { text, status, sort } = wish;
    const wanted = text.trim().toLowerCase();
    const fitting = tasks.filter(
      (task) => (status === '' || shownStatus(task) === status) && `${task.taskName} ${task.type}`.toLowerCase().includes(wanted),
    );
    return fitting.sort(COMPARE[sort]);
  }, [tasks, wish]);
  const pages = Math.max(1, Math.ceil(found.length / PAGE));
  const at = Math.min(page, pages - 1);
  return (
    <div class="stack">
      <Filters wish={wish} change={setWish} />
      {found.length === 0 ? (
        <Empty title="No task fits.">Choose another state, or search for less.</Empty>
      ) : (
        <DataTable
          label="Tasks"
          columns={COLUMNS}
          rows={found.slice(at * PAGE, (at + 1) * PAGE)}
          keyOf={({ taskId }) => taskId}
          isChosen={({ taskName }) => taskName === chosen}
        />
      )}
      <Pages page={at} pages={pages} total={found.length} turn={setPage} />
    </div>
  );
};

interface PagesProps {
  readonly page: number;
  readonly pages: number;
  readonly total: number;
  readonly turn: (page: number) => void;
}

const Pages = ({ page, pages, total, turn }: PagesProps) => (
  <div class="row pages">
    <span class="soft small">
      {pages > 1
        ? `${countText(page * PAGE + 1)} to ${countText(Math.min(total, (page + 1) * PAGE))} of ${plural(total, 'task')}`
        : plural(total, 'task')}
    </span>
    {pages > 1 &&
      (
        [
          ['Previous', page - 1],
          ['Next', page + 1],
        ] as const
      ).map(([word, next]) => (
        <button
          key={word}
          type="button"
          class="button button-small"
          disabled={next < 0 || next >= pages}
          onClick={() => {
            turn(next);
          }}
        >
          {word}
        </button>
      ))}
  </div>
);
