/** One schedule: when it fires next, and what became of its last times. */
import type { Firing, ScheduleDetail } from '../../../../src/sdk/responses';
import { api } from '../../api/client';
import { Page } from '../../layout/layout';
import { useFetched } from '../../live/hooks';
import { StatusBadge } from '../../parts/badge';
import { DataTable, type Column } from '../../parts/dataTable';
import { Empty, Shown } from '../../parts/notices';
import { When } from '../../parts/times';
import { dagPath } from '../../routing/paths';
import { go, Link } from '../../routing/router';
import { ScheduleButtons } from './buttons';
import { CATCH_UPS, OVERLAPS, wordsOf } from './form';
import { NextTimes } from './times';

const COLUMNS: readonly Column<Firing>[] = [
  { key: 'time', title: 'Time', cell: ({ fireTime }) => <When at={fireTime} /> },
  {
    key: 'cause',
    title: 'Fired',
    wide: true,
    cell: ({ cause, by }) => `${cause === 'HAND' ? 'by hand' : 'by the clock'}${by === null ? '' : `, ${by}`}`,
  },
  { key: 'state', title: 'Outcome', cell: ({ state }) => <StatusBadge status={state} /> },
  {
    key: 'dag',
    title: 'DAG',
    cell: ({ dagId, dagStatus, reason }) =>
      dagId === null ? (
        <span class="small soft">{reason ?? '–'}</span>
      ) : dagStatus === null ? (
        <span class="faint">deleted</span>
      ) : (
        <Link to={dagPath(dagId)} aria-label={`Its DAG, ${dagStatus.toLowerCase()}`}>
          <StatusBadge status={dagStatus} />
        </Link>
      ),
  },
];

const Facts = ({
  schedule: { state, cron, timeZone, dagName, overlap, catchUp, catchUpLimit, jitterSeconds, note },
}: {
  readonly schedule: ScheduleDetail;
}) => (
  <section class="card stack" aria-labelledby="facts">
    <div class="card-head">
      <h2 id="facts">What it does</h2>
      <StatusBadge status={state} />
    </div>
    <p>
      Submits <strong>{dagName}</strong> at <code>{cron}</code> in {timeZone}
      {jitterSeconds > 0 && `, up to ${jitterSeconds} s later`}.
    </p>
    <p class="soft">
      A time that comes while one of its DAGs is live {wordsOf(OVERLAPS, overlap)}. Of times that were missed {wordsOf(CATCH_UPS, catchUp)}
      {catchUp === 'all' && `, ${catchUpLimit} at most`}.
    </p>
    {note !== null && <p>{note}</p>}
  </section>
);

const Body = ({ schedule }: { readonly schedule: ScheduleDetail }) => (
  <>
    <div class="split">
      <Facts schedule={schedule} />
      <section class="card stack" aria-labelledby="next">
        <h2 id="next">Next times</h2>
        {schedule.state === 'PAUSED' ? (
          <p class="soft">It is paused: its times pass.</p>
        ) : (
          <NextTimes times={schedule.nextFireTimes} timeZone={schedule.timeZone} />
        )}
      </section>
    </div>
    <section class="card stack" aria-labelledby="firings">
      <h2 id="firings">Last times</h2>
      {schedule.firings.length === 0 ? (
        <Empty title="It has not fired yet.">Fire it by hand to see what its DAG does.</Empty>
      ) : (
        <DataTable label="Last times" columns={COLUMNS} rows={schedule.firings} keyOf={({ fireTime }) => fireTime} />
      )}
    </section>
    <details class="card">
      <summary>The DAG that it submits</summary>
      <pre class="code-block" tabIndex={0} role="region" aria-label="The DAG">
        {JSON.stringify(schedule.dag, null, 2)}
      </pre>
    </details>
  </>
);

const EVERY_MS = 3_000;

export const Schedule = ({ params }: { readonly params: Readonly<Record<string, string>> }) => {
  const scheduleId = params['scheduleId'] ?? '';
  const fetched = useFetched(scheduleId, (signal) => api.schedule(scheduleId, signal), EVERY_MS);
  const schedule = fetched.data;
  return (
    <Page
      title={schedule?.name ?? 'Schedule'}
      above={<Link to="/schedules">Schedules</Link>}
      actions={
        schedule !== undefined && (
          <ScheduleButtons
            schedule={schedule}
            again={fetched.again}
            removed={() => {
              go('/schedules');
            }}
          />
        )
      }
    >
      <Shown fetched={fetched} what="the schedule">
        {(data) => <Body schedule={data} />}
      </Shown>
    </Page>
  );
};
