/** The head of a DAG's page: how far it is, since when, and until when. */
import type { ComponentChildren } from 'preact';
import { now } from '../live/now';
import { StatusBadge } from '../parts/badge';
import { countText, percentText } from '../parts/format';
import { Took, When } from '../parts/times';
import { schedulePath } from '../routing/paths';
import { Link } from '../routing/router';
import { isFinalDag, timeOf, type Dag, type Reason } from './model';
import type { Counts } from './moments';
import { TallyBar, TallyFigures } from './tally';

const Fact = ({ title, children }: { readonly title: string; readonly children: ComponentChildren }) => (
  <div class="fact">
    <dt>{title}</dt>
    <dd>{children}</dd>
  </div>
);

const reasonText = ({ code, by, message }: Reason): string =>
  `${code.toLowerCase().replaceAll('_', ' ')}${by === null ? '' : ` by ${by}`}${message === null ? '' : `: ${message}`}`;

const countsOfDag = ({ totalTasks, completedTasks, failedTasks, skippedTasks, cancelledTasks }: Dag): Counts => ({
  COMPLETED: completedTasks,
  FAILED: failedTasks,
  SKIPPED: skippedTasks,
  CANCELLED: cancelledTasks,
  PENDING: totalTasks - completedTasks - failedTasks - skippedTasks - cancelledTasks,
});

/** What was foreseen and has gone by is due any moment. */
const Expected = ({ at }: { readonly at: string | null }) => {
  if (at === null) return <span class="faint">not known yet</span>;
  return timeOf(at) > now.value ? <When at={at} /> : <span title="By what its tasks took before, it should have ended by now.">any moment</span>;
};

const Facts = ({ dag }: { readonly dag: Dag }) => (
  <dl class="facts dag-facts">
    <Fact title="Submitted">
      <When at={dag.createdAt} />
    </Fact>
    <Fact title="Started">
      <When at={dag.startedAt} />
    </Fact>
    <Fact title={isFinalDag(dag.status) ? 'Took' : 'Running for'}>
      <Took from={dag.startedAt} to={dag.completedAt} />
    </Fact>
    {isFinalDag(dag.status) ? (
      <Fact title="Ended">
        <When at={dag.completedAt} />
      </Fact>
    ) : (
      <Fact title="Expected end">
        <Expected at={dag.expectedEndAt ?? null} />
      </Fact>
    )}
    {dag.dueAt !== null && (
      <Fact title="Must end by">
        <When at={timeOf(dag.dueAt)} />
      </Fact>
    )}
    {dag.version > 0 && <Fact title="Graph changed">{dag.version === 1 ? 'once' : `${dag.version} times`}</Fact>}
    {typeof dag.scheduleId === 'string' && (
      <Fact title="Scheduled for">
        <Link to={schedulePath(dag.scheduleId)}>
          <When at={dag.scheduledFor} />
        </Link>
      </Fact>
    )}
    {dag.tenant !== null && <Fact title="Tenant">{dag.tenant}</Fact>}
    {dag.maxRunning !== null && <Fact title="At once">at most {dag.maxRunning}</Fact>}
    {dag.tags.length > 0 && (
      <Fact title="Tags">
        <span class="row">
          {dag.tags.map((tag) => (
            <span key={tag} class="tag">
              {tag}
            </span>
          ))}
        </span>
      </Fact>
    )}
  </dl>
);

interface HeaderProps {
  readonly dag: Dag;
  /** Of its tasks, once they are there. */
  readonly counts: Counts | undefined;
}

export const Header = ({ dag, counts }: HeaderProps) => {
  const over = dag.completedTasks + dag.failedTasks + dag.skippedTasks + dag.cancelledTasks;
  const known = counts ?? countsOfDag(dag);
  return (
    <section class="card dag-header" aria-label="State of the DAG">
      <div class="dag-progress">
        <p class="row dag-state">
          <StatusBadge status={dag.status} />
          <span class="figure">
            {countText(over)} of {countText(dag.totalTasks)} tasks over
          </span>
          <span class="soft small">{percentText(dag.totalTasks === 0 ? null : Math.floor((over / dag.totalTasks) * 100))}</span>
          {dag.reason !== null && <span class="soft small">{reasonText(dag.reason)}</span>}
        </p>
        <TallyBar counts={known} />
        <TallyFigures counts={known} named />
      </div>
      <Facts dag={dag} />
    </section>
  );
};
