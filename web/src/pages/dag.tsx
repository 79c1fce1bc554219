/** One DAG. */
import { useCallback, useLayoutEffect, useMemo, useRef } from 'preact/hooks';
import { ActionButtons } from '../dag/actionButtons';
import { dagActions, withheldFromDag } from '../dag/actions';
import { CompareView } from '../dag/compareView';
import { criticalPath } from '../dag/criticalPath';
import '../dag/dag.css';
import '../dag/timeline.css';
import { GraphView } from '../dag/graphView';
import { Header } from '../dag/header';
import { HistoryView } from '../dag/historyView';
import { shownStatus, type Dag as DagFacts, type Task } from '../dag/model';
import { countsOf } from '../dag/moments';
import { RunsView } from '../dag/runsView';
import { tabOf, Tabs, type Tab } from '../dag/tabs';
import { TaskPanel } from '../dag/taskPanel';
import { TasksView } from '../dag/tasksView';
import { TimelineView } from '../dag/timelineView';
import { useDag, type LiveDag } from '../dag/useDag';
import type { TaskGraph } from '../dag/graph';
import { Page } from '../layout/layout';
import { giveBack, wayTo } from '../parts/focus';
import { Empty, Failure, Loading } from '../parts/notices';
import type { Query } from '../routing/address';
import { go, goWith, Link, place } from '../routing/router';

interface ViewsProps {
  readonly tab: Tab;
  readonly dag: DagFacts;
  readonly tasks: readonly Task[];
  readonly graph: TaskGraph;
}

const Views = ({ tab, dag, tasks, graph }: ViewsProps) => {
  const { query } = place.value;
  const chosenName = query['task'];
  const found = useMemo(() => (chosenName === undefined ? -1 : graph.names.indexOf(chosenName)), [chosenName, graph]);
  const chosen = found < 0 ? undefined : found;
  const choose = useCallback(
    (task: number | undefined) => {
      goWith({ task: task === undefined ? undefined : graph.names[task] }, { replace: true });
    },
    [graph],
  );
  const critical = useMemo(() => (tab === 'graph' || tab === 'timeline' ? criticalPath(graph, tasks) : []), [tab, graph, tasks]);
  const statuses = useMemo(() => tasks.map(shownStatus), [tasks]);
  switch (tab) {
    case 'graph':
      return <GraphView graph={graph} statuses={statuses} critical={critical} chosen={chosen} choose={choose} />;
    case 'timeline':
      return <TimelineView dag={dag} tasks={tasks} critical={critical} chosen={chosen} choose={choose} />;
    case 'tasks':
      return <TasksView tasks={tasks} chosen={chosenName} />;
    case 'history':
      return <HistoryView dag={dag} tasks={tasks} graph={graph} chosen={chosen} choose={choose} />;
    case 'runs':
      return <RunsView dag={dag} />;
    case 'compare':
      return <CompareView dag={dag} tasks={tasks} other={query['with']} />;
  }
};

/** The focus goes into the panel of a task as it opens, and back to where it was when it is closed. */
const useReturn = (isOpen: boolean): void => {
  const way = useRef<readonly HTMLElement[]>([]);
  useLayoutEffect(() => {
    if (!isOpen) return undefined;
    way.current = wayTo(document.activeElement);
    return () => {
      // The panel is gone by now.
      giveBack(way.current);
    };
  }, [isOpen]);
};

const WITH_PANEL: readonly Tab[] = ['graph', 'timeline', 'history'];

const Body = ({ live, dag }: { readonly live: LiveDag; readonly dag: DagFacts }) => {
  const { tasks, graph, again } = live;
  const tab = tabOf(place.value.query['tab']);
  const chosenName = place.value.query['task'];
  const chosen = WITH_PANEL.includes(tab) ? tasks?.find(({ taskName }) => taskName === chosenName) : undefined;
  useReturn(chosen !== undefined);
  const counts = useMemo(() => tasks && countsOf(tasks.map(shownStatus)), [tasks]);
  return (
    <>
      <Header dag={dag} counts={counts} />
      <Tabs shown={tab} />
      <div class={chosen === undefined ? 'dag-body' : 'dag-body dag-with-panel'}>
        <div id="tab-panel" role="tabpanel" aria-labelledby={`tab-${tab}`} class="dag-view">
          {tasks === undefined || graph === undefined ? (
            live.error === undefined && <Loading what="the tasks" />
          ) : tasks.length === 0 ? (
            <Empty title="This DAG has no tasks.">Add some by changing its graph.</Empty>
          ) : (
            <Views tab={tab} dag={dag} tasks={tasks} graph={graph} />
          )}
        </div>
        {chosen !== undefined && (
          <TaskPanel
            task={chosen}
            dag={dag}
            done={again}
            close={() => {
              goWith({ task: undefined }, { replace: true });
            }}
          />
        )}
      </div>
    </>
  );
};

export const Dag = ({ params }: { readonly params: Query }) => {
  const dagId = params['dagId']!;
  const live = useDag(dagId);
  const { dag, error, isGone, again } = live;
  const done = (key: string): void => {
    if (key === 'delete') go('/dags');
    else again();
  };
  if (isGone)
    return (
      <Page title={dag?.dagName ?? 'DAG'} above={<Link to="/dags">DAGs</Link>}>
        <Empty title="This DAG was deleted.">
          By hand, or because it is kept no longer. <Link to="/dags">Go to the list</Link>.
        </Empty>
      </Page>
    );
  return (
    <Page
      title={dag?.dagName ?? 'DAG'}
      above={<Link to="/dags">DAGs</Link>}
      actions={dag === undefined ? undefined : <ActionButtons actions={dagActions(dag)} withheld={withheldFromDag(dag)} done={done} />}
    >
      {dag?.description != null && <p class="soft dag-description">{dag.description}</p>}
      {error !== undefined && <Failure error={error} again={again} />}
      {dag === undefined ? error === undefined && <Loading what="the DAG" /> : <Body live={live} dag={dag} />}
    </Page>
  );
};
