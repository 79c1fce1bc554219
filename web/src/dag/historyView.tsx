/** What happened to a DAG, and how it stood at any moment. */
import { useEffect, useMemo, useState } from 'preact/hooks';
import { DataTable, type Column } from '../parts/dataTable';
import { durationText, plural, wordsOf } from '../parts/format';
import { Empty, Shown } from '../parts/notices';
import { Duration, When } from '../parts/times';
import { taskPath } from '../routing/paths';
import { Link } from '../routing/router';
import type { TaskGraph } from './graph';
import { GraphView } from './graphView';
import { timeOf, type Dag, type HistoryEvent, type Task } from './model';
import { countsOf, momentsOf, statusAt } from './moments';
import { TallyBar, tallyText } from './tally';
import { useEvents } from './useEvents';
import { useSegments } from './useSegments';

const EVENTS_SHOWN = 200;
const FRAME_MS = 120;
/** A replay takes about so many steps. */
const FRAMES = 80;

interface ScrubberProps {
  readonly moments: readonly number[];
  readonly at: number;
  readonly begin: number;
  readonly go: (at: number) => void;
}

const Scrubber = ({ moments, at, begin, go }: ScrubberProps) => {
  const last = moments.length - 1;
  const [playing, setPlaying] = useState(false);
  useEffect(() => {
    if (!playing) return undefined;
    const timer = setTimeout(() => {
      const next = Math.min(last, at + Math.max(1, Math.round(last / FRAMES)));
      go(next);
      if (next === last) setPlaying(false);
    }, FRAME_MS);
    return () => {
      clearTimeout(timer);
    };
  }, [playing, at, last]);
  const step = (label: string, text: string, next: number) => (
    <button
      type="button"
      class="button button-small"
      aria-label={label}
      title={label}
      disabled={next < 0 || next > last}
      onClick={() => {
        setPlaying(false);
        go(next);
      }}
    >
      {text}
    </button>
  );
  const moment = moments[at]!;
  return (
    <div class="scrubber">
      <div class="row">
        <button
          type="button"
          class="button button-small"
          onClick={() => {
            if (at === last) go(0);
            setPlaying(!playing);
          }}
        >
          {playing ? 'Stop' : 'Replay'}
        </button>
        {step('One step back', '‹', at - 1)}
        {step('One step on', '›', at + 1)}
      </div>
      <input
        type="range"
        class="scrubber-range"
        aria-label="Moment"
        aria-valuetext={`${durationText(moment - begin)} after the submission`}
        min={0}
        max={last}
        value={at}
        onInput={({ currentTarget }) => {
          setPlaying(false);
          go(Number(currentTarget.value));
        }}
      />
      <p class="scrubber-time">
        <When at={moment} />{' '}
        <span class="soft small">
          {at === last ? (
            'the latest'
          ) : (
            <>
              +<Duration ms={moment - begin} />
            </>
          )}
        </span>
      </p>
    </div>
  );
};

const KINDS: Readonly<Record<string, string>> = {
  'dag.timedOut': 'the DAG’s time was over',
  'dag.repaired': 'the DAG was repaired',
  'task.failed': 'task failed for good',
  'task.poisoned': 'task was taken for poison',
  'task.lost': 'task lost with its worker',
  'task.released': 'task given back by its worker',
  'task.awaitsApproval': 'task waits for approval',
};

const kindText = (kind: string): string => KINDS[kind] ?? wordsOf(kind).replace('.', ': ');

const columnsOf = (goTo: (ms: number) => void): readonly Column<HistoryEvent>[] => [
  { key: 'at', title: 'Time', cell: ({ at }) => <When at={at} /> },
  { key: 'kind', title: 'What', cell: ({ kind }) => <b class="event-kind">{kindText(kind)}</b> },
  {
    key: 'task',
    title: 'Task',
    cell: ({ taskId, taskName }) => (taskId === null ? <span class="faint">the DAG</span> : <Link to={taskPath(taskId)}>{taskName}</Link>),
  },
  { key: 'by', title: 'By', wide: true, cell: ({ by }) => by ?? <span class="faint">–</span> },
  { key: 'message', title: 'Words', wide: true, cell: ({ message }) => <span class="event-words">{message ?? ''}</span> },
  {
    key: 'go',
    title: <span class="hidden">Moment</span>,
    cell: ({ at }) => (
      <button
        type="button"
        class="button button-small"
        onClick={() => {
          goTo(timeOf(at));
        }}
      >
        Show
      </button>
    ),
  },
];

interface HistoryProps {
  readonly dag: Dag;
  readonly tasks: readonly Task[];
  readonly graph: TaskGraph;
  readonly chosen: number | undefined;
  readonly choose: (task: number | undefined) => void;
}

interface FilledProps extends HistoryProps {
  readonly events: readonly HistoryEvent[];
}

const Filled = ({ dag, tasks, graph, events, chosen, choose }: FilledProps) => {
  const segments = useSegments(tasks, events);
  const moments = useMemo(() => momentsOf(tasks, events), [tasks, events]);
  // Undefined follows the latest moment while the DAG goes on.
  const [wanted, setWanted] = useState<number | undefined>(undefined);
  const last = moments.length - 1;
  const at = wanted === undefined ? last : Math.min(wanted, last);
  const moment = moments[at]!;
  const statuses = useMemo(() => tasks.map((task, i) => statusAt(task, segments[i]!, moment)), [tasks, segments, moment]);
  const counts = countsOf(statuses);
  const go = (next: number): void => {
    setWanted(next >= last ? undefined : next);
  };
  const columns = useMemo(
    () =>
      columnsOf((ms) => {
        const found = moments.findIndex((each) => each >= ms);
        setWanted(found < 0 ? undefined : found);
      }),
    [moments],
  );
  return (
    <div class="stack">
      <div class="card stack">
        <Scrubber moments={moments} at={at} begin={timeOf(dag.createdAt)} go={go} />
        <TallyBar counts={counts} />
        <p class="soft small" aria-live="polite">
          {tallyText(counts)}
          {counts.UNKNOWN !== undefined && '. Unknown are tasks that were begun again later: of their earlier run only the end was kept.'}
        </p>
        <GraphView graph={graph} statuses={statuses} critical={[]} chosen={chosen} choose={choose} small />
      </div>
      {events.length === 0 ? (
        <Empty title="Nothing out of the ordinary has happened.">
          Commands, failures and losses are listed here; starts and ends are moments of the slider above.
        </Empty>
      ) : (
        <DataTable label="Events" columns={columns} rows={events.slice(-EVENTS_SHOWN).reverse()} keyOf={({ eventId }) => eventId} />
      )}
      {events.length > EVENTS_SHOWN && (
        <p class="soft small">
          The latest {EVENTS_SHOWN} of {plural(events.length, 'event')}.
        </p>
      )}
    </div>
  );
};

export const HistoryView = (props: HistoryProps) => (
  <Shown fetched={useEvents(props.dag.dagId)} what="the history">
    {(events) => <Filled {...props} events={events} />}
  </Shown>
);
