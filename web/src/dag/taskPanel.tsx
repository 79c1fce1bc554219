/** One task beside its DAG. */
import { useEffect, useRef } from 'preact/hooks';
import { ask } from '../api/client';
import { useFetched } from '../live/hooks';
import { StatusBadge } from '../parts/badge';
import { Shown } from '../parts/notices';
import { taskPath } from '../routing/paths';
import { Link } from '../routing/router';
import { shownStatus, type Dag, type Task, type TaskDetail } from './model';
import { TaskDetails } from './taskDetails';

interface TaskPanelProps {
  readonly task: Task;
  readonly dag: Dag;
  readonly close: () => void;
  readonly done: () => void;
}

export const TaskPanel = ({ task, dag, close, done }: TaskPanelProps) => {
  // What the DAG's own list tells anew is a reason to read the attempts anew.
  const fetched = useFetched(`${task.taskId} ${task.status} ${task.attempt} ${task.reason?.at ?? ''}`, (signal) =>
    ask<TaskDetail>(`/api/v1/tasks/${encodeURIComponent(task.taskId)}`, { signal }),
  );
  // Of a checkpoint the list tells nothing but that the task changed.
  const shown = useRef(task);
  useEffect(() => {
    if (shown.current !== task) fetched.again();
    shown.current = task;
  }, [task, fetched.again]);
  const panel = useRef<HTMLElement>(null);
  useEffect(() => {
    panel.current?.focus({ preventScroll: true });
    panel.current?.scrollIntoView({ block: 'nearest' });
  }, [task.taskId]);
  return (
    <aside
      ref={panel}
      class="card panel"
      tabIndex={-1}
      aria-label={`Task ${task.taskName}`}
      onKeyDown={({ key }) => {
        if (key === 'Escape') close();
      }}
    >
      <div class="panel-head">
        <div>
          <h2>
            <Link to={taskPath(task.taskId)}>{task.taskName}</Link>
          </h2>
          <StatusBadge status={shownStatus(task)} />
        </div>
        <button type="button" class="button button-small" aria-label="Close the panel" onClick={close}>
          Close
        </button>
      </div>
      <Shown fetched={fetched} what="the task">
        {(detail) => <TaskDetails task={{ ...detail, ...task }} dag={dag} done={done} headings="h3" />}
      </Shown>
    </aside>
  );
};
