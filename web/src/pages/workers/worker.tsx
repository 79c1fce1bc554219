/** One worker: what it takes, what it runs, and what can be asked of it. */
import type { WorkerDetail } from '../../../../src/sdk/responses';
import { api } from '../../api/client';
import { useFetched } from '../../live/hooks';
import { StatusBadge } from '../../parts/badge';
import { DataTable, type Column } from '../../parts/dataTable';
import { Dialog } from '../../parts/dialog';
import { Empty, Shown } from '../../parts/notices';
import { Took, When } from '../../parts/times';
import { taskPath } from '../../routing/paths';
import { Link } from '../../routing/router';
import { act, actionsFor } from './actions';

type Running = WorkerDetail['tasks'][number];

const COLUMNS: readonly Column<Running>[] = [
  { key: 'task', title: 'Task', cell: ({ taskId, taskName }) => <Link to={taskPath(taskId)}>{taskName}</Link> },
  { key: 'type', title: 'Type', wide: true, cell: ({ type }) => <span class="small">{type}</span> },
  { key: 'attempt', title: 'Attempt', align: 'right', cell: ({ attempt }) => <span class="figure">{attempt}</span> },
  { key: 'for', title: 'For', align: 'right', cell: ({ startedAt }) => <Took from={startedAt} to={null} /> },
];

const takes = ({ types, perSlot }: WorkerDetail): string =>
  types.map((type) => ((perSlot[type] ?? 1) > 1 ? `${type} (up to ${perSlot[type]!} in a slot)` : type)).join(', ');

const Facts = ({ worker }: { readonly worker: WorkerDetail }) => (
  <dl class="pairs">
    <dt>State</dt>
    <dd class="row">
      <StatusBadge status={worker.state} />
      <span class="soft">
        heard of <When at={worker.lastHeartbeatAt} ago />
      </span>
    </dd>
    <dt>Slots</dt>
    <dd>{worker.state === 'LOST' ? `${worker.slots}, as last heard` : `${worker.slots - worker.freeSlots} of ${worker.slots} taken`}</dd>
    <dt>Where</dt>
    <dd>
      {worker.host}:{worker.port}, version {worker.version}
    </dd>
    <dt>Takes</dt>
    <dd class="small">{takes(worker)}</dd>
  </dl>
);

const EVERY_MS = 2_000;

interface WorkerDialogProps {
  readonly workerId: string;
  readonly close: () => void;
  readonly changed: () => void;
}

export const WorkerDialog = ({ workerId, close, changed }: WorkerDialogProps) => {
  const fetched = useFetched(workerId, (signal) => api.worker(workerId, signal), EVERY_MS);
  const again = (): void => {
    fetched.again();
    changed();
  };
  return (
    <Dialog title={workerId} close={close} large>
      <Shown fetched={fetched} what="the worker">
        {(worker) => (
          <>
            <Facts worker={worker} />
            <section>
              <h3>What it runs</h3>
              {worker.tasks.length === 0 ? (
                <Empty title="Nothing that takes longer than a moment.">Tasks appear here as they run on.</Empty>
              ) : (
                <DataTable label="Tasks of the worker" columns={COLUMNS} rows={worker.tasks} keyOf={({ taskId }) => taskId} />
              )}
            </section>
            <div class="dialog-buttons">
              {actionsFor(worker).map((action) => (
                <button key={action.title} type="button" class="button" onClick={() => void act(action, worker, again)}>
                  {action.title}
                </button>
              ))}
            </div>
          </>
        )}
      </Shown>
    </Dialog>
  );
};
