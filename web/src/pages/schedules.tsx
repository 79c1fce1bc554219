/** What the clock submits: schedules with their next and last times. */
import type { Schedule } from '../../../src/sdk/responses';
import { api } from '../api/client';
import { Page } from '../layout/layout';
import { useFetched } from '../live/hooks';
import { StatusBadge } from '../parts/badge';
import { DataTable, type Column } from '../parts/dataTable';
import { Name } from '../parts/name';
import { Empty, Shown } from '../parts/notices';
import { Pager } from '../parts/pager';
import { When } from '../parts/times';
import { dagPath, schedulePath } from '../routing/paths';
import { Link, place } from '../routing/router';
import { ScheduleButtons } from './schedules/buttons';

const COLUMNS: readonly Column<Schedule>[] = [
  {
    key: 'name',
    title: 'Schedule',
    cell: ({ scheduleId, name, dagName, cron, timeZone }) => (
      <div class="name-cell">
        <Link to={schedulePath(scheduleId)}>
          <strong>{name}</strong>
        </Link>
        <div class="small soft">
          <code>{cron}</code> <Name text={timeZone} />
          {dagName !== name && ` · ${dagName}`}
        </div>
      </div>
    ),
  },
  { key: 'state', title: 'State', cell: ({ state }) => <StatusBadge status={state} /> },
  { key: 'next', title: 'Next', cell: ({ nextFireAt }) => <When at={nextFireAt} /> },
  {
    key: 'last',
    title: 'Last',
    wide: true,
    cell: ({ lastFireAt, lastDagId, lastDagStatus }) => (
      <div class="name-cell">
        <When at={lastFireAt} />
        {lastDagId !== null && lastDagStatus !== null && (
          <div class="small">
            <Link to={dagPath(lastDagId)} aria-label={`The last DAG, ${lastDagStatus.toLowerCase()}`}>
              <StatusBadge status={lastDagStatus} />
            </Link>
          </div>
        )}
      </div>
    ),
  },
];

const EVERY_MS = 3_000;

export const Schedules = () => {
  const cursor = place.value.query['cursor'] ?? '';
  const query = new URLSearchParams({ limit: '50', ...(cursor === '' ? {} : { cursor }) }).toString();
  const fetched = useFetched(query, (signal) => api.schedules(query, signal), EVERY_MS);
  const actions: Column<Schedule> = {
    key: 'do',
    title: 'Action',
    wide: true,
    cell: (schedule) => <ScheduleButtons schedule={schedule} again={fetched.again} />,
  };
  return (
    <Page
      title="Schedules"
      actions={
        <Link class="button button-main" to="/schedules/new">
          New schedule
        </Link>
      }
    >
      <Shown fetched={fetched} what="the schedules">
        {({ items, nextCursor }) =>
          items.length === 0 ? (
            <Empty title="Nothing is scheduled.">
              <Link to="/schedules/new">Make a schedule</Link>, and the clock submits a DAG at its times.
            </Empty>
          ) : (
            <>
              <DataTable label="Schedules" columns={[...COLUMNS, actions]} rows={items} keyOf={({ scheduleId }) => scheduleId} />
              <Pager shown={items.length} cursor={cursor} nextCursor={nextCursor} />
            </>
          )
        }
      </Shown>
    </Page>
  );
};
