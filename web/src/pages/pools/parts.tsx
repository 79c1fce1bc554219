/** What is said of a pool in the list and beside it. */
import type { Pool } from '../../../../src/sdk/responses';
import { StatusBadge } from '../../parts/badge';
import { countText } from '../../parts/format';
import { When } from '../../parts/times';
import { Usage } from '../limits/usage';
import type { Action } from './actions';
import { stateOf } from './state';

export const PoolState = ({ pool }: { readonly pool: Pool }) => <StatusBadge status={stateOf(pool)} />;

export const Running = ({ pool: { running, limit } }: { readonly pool: Pool }) =>
  limit?.maxRunning == null ? (
    <span>
      <span class="figure">{countText(running)}</span> <span class="small soft">no limit</span>
    </span>
  ) : (
    <Usage running={running} maxRunning={limit.maxRunning} />
  );

const Reason = ({ what, reason, by }: { readonly what: string; readonly reason: string | null; readonly by: string | null }) => (
  <div>
    <span class="small soft">{what}</span> {reason ?? <span class="faint">no reason given</span>}
    {by !== null && <span class="small soft"> by {by}</span>}
  </div>
);

/** Why it is paused and why it is limited; a dash where neither is. */
export const Why = ({ pool: { gate, limit } }: { readonly pool: Pool }) => {
  if (gate === null && limit === null) return <span class="faint">–</span>;
  return (
    <div>
      {gate !== null && <Reason what="paused:" {...gate} />}
      {gate?.until != null && (
        <div class="small soft">
          until <When at={gate.until} />
        </div>
      )}
      {limit !== null && <Reason what="limited:" {...limit} />}
    </div>
  );
};

interface ButtonsProps {
  readonly actions: readonly Action[];
  /** Of the pool; the buttons of a list each say of which. */
  readonly name?: string;
  readonly done: () => void;
}

export const PoolButtons = ({ actions, name, done }: ButtonsProps) => (
  <div class="row row-kept">
    {actions.map(({ key, verb, act }) => (
      <button
        key={key}
        type="button"
        class={name === undefined ? 'button' : 'button button-small'}
        aria-label={name === undefined ? undefined : `${verb}: ${name}`}
        data-action={key}
        onClick={() => {
          void act().then((was) => {
            if (was) done();
          });
        }}
      >
        {verb}
      </button>
    ))}
  </div>
);
