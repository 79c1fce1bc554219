/** The workers: what they can take, what they have, and whether they are heard of. */
import type { WorkerView } from '../../../src/sdk/responses';
import { api } from '../api/client';
import { Page } from '../layout/layout';
import { useFetched, useStream } from '../live/hooks';
import { StatusBadge } from '../parts/badge';
import { DataTable, type Column } from '../parts/dataTable';
import { plural } from '../parts/format';
import { Empty, Shown } from '../parts/notices';
import { When } from '../parts/times';
import { goWith, Link, place } from '../routing/router';
import { addressOf } from '../routing/address';
import { act, actionsFor } from './workers/actions';
import { WorkerDialog } from './workers/worker';

const Slots = ({ worker: { slots, freeSlots } }: { readonly worker: WorkerView }) => (
  <div class="slots" title={`${slots - freeSlots} of ${plural(slots, 'slot')} taken`}>
    <div class="bar" aria-hidden="true">
      <div class="bar-fill tone-busy" style={{ width: `${(100 * (slots - freeSlots)) / Math.max(1, slots)}%`, minWidth: '0' }} />
    </div>
    <span class="figure small">
      {slots - freeSlots}/{slots}
    </span>
  </div>
);

const COLUMNS: readonly Column<WorkerView>[] = [
  { key: 'state', title: 'State', cell: ({ state }) => <StatusBadge status={state} /> },
  {
    key: 'worker',
    title: 'Worker',
    cell: ({ workerId, tags }) => (
      <div class="name-cell">
        <strong>
          <Link to={addressOf('/workers', { worker: workerId })}>{workerId}</Link>
        </strong>
        {tags.length > 0 && (
          <div class="tags">
            {tags.map((tag) => (
              <span key={tag} class="tag">
                {tag}
              </span>
            ))}
          </div>
        )}
      </div>
    ),
  },
  { key: 'slots', title: 'Slots', cell: (worker) => (worker.state === 'LOST' ? <span class="faint">–</span> : <Slots worker={worker} />) },
  { key: 'held', title: 'Tasks', align: 'right', wide: true, cell: ({ held }) => <span class="figure">{held}</span> },
  {
    key: 'place',
    title: 'Where',
    wide: true,
    cell: ({ host, port, region }) => (
      <span class="small">
        {host}:{port}
        {region !== '' && region !== 'default' && <span class="soft"> · {region}</span>}
      </span>
    ),
  },
  { key: 'version', title: 'Version', wide: true, cell: ({ version }) => <span class="small">{version}</span> },
  { key: 'heard', title: 'Heard of', wide: true, cell: ({ lastHeartbeatAt }) => <When at={lastHeartbeatAt} ago /> },
];

const actionColumn = (again: () => void): Column<WorkerView> => ({
  key: 'actions',
  title: 'Actions',
  // On a phone the worker's dialog has them.
  wide: true,
  cell: (worker) => (
    <div class="row">
      {actionsFor(worker).map((action) => (
        <button
          key={action.title}
          type="button"
          class="button button-small"
          aria-label={`${action.title} ${worker.workerId}`}
          onClick={() => {
            void act(action, worker, again);
          }}
        >
          {action.title}
        </button>
      ))}
    </div>
  ),
});

const EVERY_MS = 5_000;

const Summary = ({ workers }: { readonly workers: readonly WorkerView[] }) => {
  const live = workers.filter(({ state }) => state !== 'LOST');
  const slots = live.reduce((sum, worker) => sum + worker.slots, 0);
  const free = live.reduce((sum, worker) => sum + worker.freeSlots, 0);
  const lost = workers.length - live.length;
  return (
    <p class="soft">
      {plural(live.length, 'worker')} with {plural(slots, 'slot')}, {free} of them free
      {lost > 0 && `; ${lost} lost in the last ten minutes, whose tasks run elsewhere`}.
    </p>
  );
};

export const Workers = () => {
  const fetched = useFetched('workers', api.workers, EVERY_MS);
  useStream(
    'workers',
    'workers',
    (data) => {
      fetched.change(() => data as readonly WorkerView[]);
    },
    fetched.again,
  );
  const shown = place.value.query['worker'];
  return (
    <Page title="Workers">
      <Shown fetched={fetched} what="the workers">
        {(workers) =>
          workers.length === 0 ? (
            <Empty title="No worker is there.">
              Start one: <code>node dist/main.js --role=worker --worker-id=worker-1 --port=8081</code>. Tasks wait until then.
            </Empty>
          ) : (
            <>
              <Summary workers={workers} />
              <DataTable label="Workers" columns={[...COLUMNS, actionColumn(fetched.again)]} rows={workers} keyOf={({ session }) => session} />
            </>
          )
        }
      </Shown>
      {shown !== undefined && (
        <WorkerDialog
          key={shown}
          workerId={shown}
          changed={fetched.again}
          close={() => {
            goWith({ worker: '' }, { replace: true });
          }}
        />
      )}
    </Page>
  );
};
