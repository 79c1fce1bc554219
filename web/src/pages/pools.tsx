/** The pools: how many of their tasks run and wait, how many may, and which are paused. */
import { useState } from 'preact/hooks';
import type { Pool } from '../../../src/sdk/responses';
import { api } from '../api/client';
import { Page } from '../layout/layout';
import { useFetched } from '../live/hooks';
import { DataTable, type Column } from '../parts/dataTable';
import { TextField } from '../parts/fields';
import { countText } from '../parts/format';
import { Empty, Shown } from '../parts/notices';
import { addressOf } from '../routing/address';
import { goWith, Link, place } from '../routing/router';
import { isPoolName } from './limits/bounds';
import { actionsFor, limitPool, pausePool } from './pools/actions';
import { PoolButtons, PoolState, Running, Why } from './pools/parts';
import { PoolDialog } from './pools/pool';

const COLUMNS: readonly Column<Pool>[] = [
  {
    key: 'name',
    title: 'Pool',
    cell: ({ name }) => (
      <div class="name-cell">
        <Link to={addressOf('/pools', { pool: name })}>{name}</Link>
      </div>
    ),
  },
  { key: 'state', title: 'State', cell: (pool) => <PoolState pool={pool} /> },
  { key: 'running', title: 'Running', cell: (pool) => <Running pool={pool} /> },
  { key: 'waiting', title: 'Waiting', align: 'right', cell: ({ waiting }) => <span class="figure">{countText(waiting)}</span> },
  { key: 'why', title: 'Why', wide: true, cell: (pool) => <Why pool={pool} /> },
];

const actionColumn = (again: () => void): Column<Pool> => ({
  key: 'do',
  title: 'Actions',
  // On a phone the pool's dialog has them.
  wide: true,
  cell: (pool) => <PoolButtons actions={actionsFor(pool)} name={pool.name} done={again} />,
});

/** For a pool that no task is in yet. */
const AnotherPool = ({ again }: { readonly again: () => void }) => {
  const [name, setName] = useState('');
  const given = name.trim();
  const isName = isPoolName(given);
  const button = (verb: string, act: (pool: string) => Promise<boolean>) => (
    <button
      type="button"
      class="button"
      disabled={!isName}
      title={isName ? undefined : 'A name has 1 to 64 letters, digits, dots, dashes or underscores.'}
      onClick={() => {
        void act(given).then((done) => {
          if (!done) return;
          setName('');
          again();
        });
      }}
    >
      {verb}
    </button>
  );
  return (
    <div class="form-row form-named" role="group" aria-label="Another pool">
      <TextField label="Another pool, by its name" value={name} change={setName} />
      {button('Limit it …', (pool) => limitPool(pool))}
      {button('Pause it …', pausePool)}
    </div>
  );
};

interface ChosenProps {
  readonly name: string;
  readonly pools: readonly Pool[];
  readonly again: () => void;
}

/** A pool that nothing is in any more, and that has neither limit nor pause, is like any other name. */
const Chosen = ({ name, pools, again }: ChosenProps) => (
  <PoolDialog
    key={name}
    pool={pools.find((pool) => pool.name === name) ?? { name, running: 0, waiting: 0, limit: null, gate: null }}
    changed={again}
    close={() => {
      goWith({ pool: '' }, { replace: true });
    }}
  />
);

const EVERY_MS = 3_000;

export const Pools = () => {
  const fetched = useFetched('pools', api.pools, EVERY_MS);
  const chosen = place.value.query['pool'];
  return (
    <Page title="Pools">
      <p class="soft">
        Tasks that share something name the same pool (<code>"pool": "warehouse"</code>). How many of them run at once in the whole cluster can be
        limited here, and all of them paused. Types and rates are limited on <Link to="/limits">Limits &amp; pauses</Link>.
      </p>
      <AnotherPool again={fetched.again} />
      <Shown fetched={fetched} what="the pools">
        {(pools) => (
          <>
            {pools.length === 0 ? (
              <Empty title="No task is in a pool.">
                Give tasks a pool when you <Link to="/submit">submit them</Link>, or limit one by its name above before they come.
              </Empty>
            ) : (
              <DataTable label="Pools" columns={[...COLUMNS, actionColumn(fetched.again)]} rows={pools} keyOf={({ name }) => name} />
            )}
            {chosen !== undefined && <Chosen name={chosen} pools={pools} again={fetched.again} />}
          </>
        )}
      </Shown>
    </Page>
  );
};
