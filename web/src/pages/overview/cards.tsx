/** The queue as it is now, and the services behind the scheduler. */
import { api, type Health } from '../../api/client';
import type { Standing } from '../../api/overview';
import { useFetched } from '../../live/hooks';
import { StatusBadge } from '../../parts/badge';
import { countText, plural } from '../../parts/format';
import { Empty } from '../../parts/notices';
import { Duration } from '../../parts/times';
import { Link } from '../../routing/router';
import { wordsOfGate } from '../limits/gateWords';

export const Queue = ({ queued: { total, byPriority } }: Pick<Standing, 'queued'>) => {
  const rows = Object.entries(byPriority)
    .filter(([, count]) => count > 0)
    .sort(([a], [b]) => Number(b) - Number(a));
  const most = Math.max(1, ...rows.map(([, count]) => count));
  return (
    <section class="card" aria-labelledby="queue-now">
      <div class="card-head">
        <h2 id="queue-now">Queue now</h2>
        <span class="card-note">{plural(total, 'task')} by priority, 9 goes first</span>
      </div>
      {rows.length === 0 ? (
        <Empty title="Nothing waits.">Every task that is ready has a slot.</Empty>
      ) : (
        <div class="bars">
          {rows.map(([priority, count]) => (
            <>
              <span class="small soft">priority {priority}</span>
              <div class="bar" aria-hidden="true">
                <div class="bar-fill tone-busy" style={{ width: `${(100 * count) / most}%` }} />
              </div>
              <span class="figure">{countText(count)}</span>
            </>
          ))}
        </div>
      )}
    </section>
  );
};

const NAMES: Readonly<Record<string, string>> = { postgres: 'PostgreSQL', kafka: 'Kafka', redis: 'Redis' };

export const Services = ({ health, schedulers }: Pick<Standing, 'schedulers'> & { readonly health: Health }) => (
  <section class="card" aria-labelledby="services">
    <div class="card-head">
      <h2 id="services">Services</h2>
      <span class="card-note">{plural(schedulers.length, 'scheduler')}</span>
    </div>
    <ul class="stack">
      {Object.entries(health.components).map(([name, { status, latencyMs, error }]) => (
        <li key={name} class="row">
          <StatusBadge status={status} />
          <strong>{NAMES[name] ?? name}</strong>
          <span class="soft">
            answers in <Duration ms={latencyMs} />
          </span>
          {error !== undefined && <span class="soft">{error}</span>}
        </li>
      ))}
    </ul>
  </section>
);

const GATES_MS = 10_000;

/** What is kept back on purpose, so that nobody looks for a fault. */
export const KeptBack = () => {
  const { data = [] } = useFetched('gates', api.gates, GATES_MS);
  if (data.length === 0) return null;
  return (
    <div class="kept-back">
      {data.map(({ scope, name, state, reason }) => (
        <span key={`${scope} ${name ?? ''} ${state}`} class="row">
          <StatusBadge status={state} /> {wordsOfGate(scope, name)}
          {reason !== null && <span class="soft">({reason})</span>}
        </span>
      ))}
      {data.some(({ scope }) => scope === 'pool') && <Link to="/pools">Pools</Link>}
      {data.some(({ scope }) => scope !== 'pool') && <Link to="/limits">Limits &amp; pauses</Link>}
    </div>
  );
};
