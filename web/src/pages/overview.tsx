/** At a glance: what runs, how fast, what failed and whether everything is there. */
import { api } from '../api/client';
import { overview, type Overview as Figures, type Standing } from '../api/overview';
import { Page } from '../layout/layout';
import { useFetched, useStream } from '../live/hooks';
import { lookOf } from '../parts/status';
import { StatusShape } from '../parts/badge';
import { countText, figureText, percentText, plural } from '../parts/format';
import { Empty, Shown } from '../parts/notices';
import { Link } from '../routing/router';
import { Charts } from './overview/charts';
import { FailureList, RunningDags } from './overview/lists';
import { isLive, MOST_RUNNING, withChanged } from './overview/running';
import type { Told } from './dags/told';
import { KeptBack, Queue, Services } from './overview/cards';

const HISTORY_MS = 5_000;

interface FigureProps {
  readonly name: string;
  readonly value: string;
  readonly unit?: string;
  readonly note: string;
}

const Figure = ({ name, value, unit, note }: FigureProps) => (
  <div class="figure-card">
    <p class="figure-name">{name}</p>
    <p class="figure-value">
      {value}
      {unit !== undefined && <span class="figure-unit"> {unit}</span>}
    </p>
    <p class="figure-note">{note}</p>
  </div>
);

const failureRate = ({ completed, failed }: Standing['recent']): number | null =>
  completed + failed === 0 ? null : (100 * failed) / (completed + failed);

const FigureRow = ({ standing: { perSecond, recent, queued, liveDags, workers } }: { readonly standing: Standing }) => {
  const minutes = `in the last ${Math.round(recent.seconds / 60)} min`;
  return (
    <div class="figures">
      <Figure name="Throughput" value={figureText(perSecond.finished)} unit="tasks/s" note={`${countText(recent.completed)} completed ${minutes}`} />
      <Figure name="Success rate" value={percentText(recent.successRate)} note={minutes} />
      <Figure name="Failure rate" value={percentText(failureRate(recent))} note={`${plural(recent.failed, 'task')} failed ${minutes}`} />
      <Figure name="Queue" value={countText(queued.total)} unit={queued.total === 1 ? 'task' : 'tasks'} note="ready, waiting for a slot" />
      <Figure name="Live DAGs" value={countText(liveDags)} note="not over yet" />
      <Figure
        name="Workers"
        value={countText(workers.active)}
        note={`${countText(workers.slotsTaken)} of ${plural(workers.slots, 'slot')} taken${workers.draining > 0 ? `, ${workers.draining} draining` : ''}`}
      />
    </div>
  );
};

/** What stops everything is said before all else. */
const Warnings = ({ standing: { health, workers } }: { readonly standing: Standing }) => {
  const down = Object.entries(health.components).flatMap(([name, { status }]) => (status === 'DOWN' ? [name] : []));
  const words = [
    ...(down.length > 0 ? [`${down.join(' and ')} can’t be reached: tasks wait until that is mended.`] : []),
    ...(workers.active === 0 ? ['No worker takes work: start one, or resume one that was drained.'] : []),
  ];
  if (words.length === 0) return null;
  return (
    <div class="paused-banner" role="alert">
      <span class="badge tone-bad">
        <StatusShape look={lookOf('OPEN')} /> Nothing moves
      </span>
      {words.map((text) => (
        <span key={text}>{text}</span>
      ))}
      <Link to="/workers">Workers</Link>
    </div>
  );
};

const RUNNING = `status=CREATED,RUNNING,PAUSED&limit=${MOST_RUNNING}`;

const Running = () => {
  const fetched = useFetched('running', (signal) => api.dags(RUNNING, signal));
  useStream(
    'dags',
    'dags',
    (data) => {
      const { changed } = data as Told;
      const full = (fetched.data?.items.length ?? 0) >= MOST_RUNNING;
      fetched.change((before) => ({ ...before, items: withChanged(before.items, changed) }));
      // One that left makes room for others, which only the server knows.
      if (full && changed.some((dag) => !isLive(dag))) fetched.again();
    },
    fetched.again,
  );
  return (
    <Shown fetched={fetched} what="the DAGs that run">
      {({ items }) => <RunningDags dags={items} />}
    </Shown>
  );
};

const Figures = ({ figures }: { readonly figures: Figures }) => (
  <>
    <Warnings standing={figures} />
    <KeptBack />
    <FigureRow standing={figures} />
    <Charts history={figures.history} />
    <div class="cards">
      <Queue queued={figures.queued} />
      <Services health={figures.health} schedulers={figures.schedulers} />
    </div>
    <div class="cards">
      <section class="card" aria-labelledby="running">
        <div class="card-head">
          <h2 id="running">Running DAGs</h2>
          <Link to="/dags">All DAGs</Link>
        </div>
        <Running />
      </section>
      <section class="card" aria-labelledby="failures">
        <div class="card-head">
          <h2 id="failures">Latest failures</h2>
          <Link to="/dead-letters">All dead letters</Link>
        </div>
        {figures.failures.length === 0 ? (
          <Empty title="No task gave up lately.">What uses up its retries appears here, with its error.</Empty>
        ) : (
          <FailureList failures={figures.failures} />
        )}
      </section>
    </div>
  </>
);

export const Overview = () => {
  const fetched = useFetched('overview', overview, HISTORY_MS);
  useStream(
    'overview',
    'overview',
    (data) => {
      fetched.change((before) => ({ ...before, ...(data as Standing) }));
    },
    fetched.again,
  );
  return (
    <Page
      title="Overview"
      actions={
        <Link to="/submit" class="button button-main">
          Submit a DAG
        </Link>
      }
    >
      <Shown fetched={fetched} what="the figures">
        {(figures) => <Figures figures={figures} />}
      </Shown>
    </Page>
  );
};
