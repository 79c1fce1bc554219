/** One task. */
import { useState } from 'preact/hooks';
import { ask } from '../api/client';
import '../dag/dag.css';
import '../dag/timeline.css';
import { shownStatus, type Dag, type TaskDetail } from '../dag/model';
import { TaskDetails } from '../dag/taskDetails';
import { concerns, isToldOf } from '../dag/told';
import { Page } from '../layout/layout';
import { useFetched, useStream } from '../live/hooks';
import { StatusBadge } from '../parts/badge';
import { Empty, Shown } from '../parts/notices';
import { addressOf, type Query } from '../routing/address';
import { dagPath } from '../routing/paths';
import { Link } from '../routing/router';

interface Both {
  readonly task: TaskDetail;
  readonly dag: Dag;
}

const bothOf = async (taskId: string, signal: AbortSignal): Promise<Both> => {
  const task = await ask<TaskDetail>(`/api/v1/tasks/${encodeURIComponent(taskId)}`, { signal });
  return { task, dag: await ask<Dag>(`/api/v1/dags/${encodeURIComponent(task.dagId)}`, { signal }) };
};

interface ListeningProps {
  readonly shown: Both;
  readonly again: () => void;
  readonly gone: () => void;
}

/** Listens once it is known to which DAG the task belongs. */
const Listening = ({ shown, again, gone }: ListeningProps) => {
  const { dagId } = shown.dag;
  useStream(
    `dag:${dagId}`,
    'dag',
    (data) => {
      if (!isToldOf(dagId, data)) return;
      if (data.dag === null) gone();
      else if (concerns(data, shown)) again();
    },
    again,
  );
  return null;
};

export const Task = ({ params }: { readonly params: Query }) => {
  const taskId = params['taskId']!;
  const fetched = useFetched(taskId, (signal) => bothOf(taskId, signal));
  const [isGone, setGone] = useState(false);
  const both = fetched.data;
  if (isGone)
    return (
      <Page title={both?.task.taskName ?? 'Task'}>
        <Empty title="The DAG of this task was deleted.">
          <Link to="/dags">Go to the list</Link>
        </Empty>
      </Page>
    );
  return (
    <Page
      title={both?.task.taskName ?? 'Task'}
      above={
        both === undefined ? (
          <Link to="/dags">DAGs</Link>
        ) : (
          <>
            <Link to={dagPath(both.dag.dagId)}>{both.dag.dagName}</Link> ·{' '}
            <Link to={addressOf(dagPath(both.dag.dagId), { task: both.task.taskName })}>in the graph</Link>
          </>
        )
      }
    >
      <Shown fetched={fetched} what="the task">
        {({ task, dag }) => (
          <>
            <Listening
              shown={{ task, dag }}
              again={fetched.again}
              gone={() => {
                setGone(true);
              }}
            />
            <p>
              <StatusBadge status={shownStatus(task)} />
            </p>
            <div class="card task-page">
              <TaskDetails task={task} dag={dag} done={fetched.again} headings="h2" />
            </div>
          </>
        )}
      </Shown>
    </Page>
  );
};
