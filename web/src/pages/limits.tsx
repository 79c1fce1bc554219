/** What keeps tasks back on purpose: pauses, quarantines, and limits of types and rates; pools have a page of their own. */
import { useState } from 'preact/hooks';
import type { Limit } from '../../../src/sdk/responses';
import { api } from '../api/client';
import { Page } from '../layout/layout';
import { useFetched } from '../live/hooks';
import { DataTable, type Column } from '../parts/dataTable';
import { confirm } from '../parts/dialog';
import { ChoiceField, NumberField, TextField } from '../parts/fields';
import { figureText } from '../parts/format';
import { Name } from '../parts/name';
import { Empty, Shown } from '../parts/notices';
import { When } from '../parts/times';
import { tell, tellFailure } from '../parts/toasts';
import { Link } from '../routing/router';
import { boundsOf, type Typed } from './limits/bounds';
import { Gates } from './limits/gates';
import { removeLimit } from './limits/removal';
import { Usage } from './limits/usage';

const SCOPES = [
  ['type', 'a task type'],
  ['rate', 'a rate'],
] as const;

const EMPTY: Typed = { scope: 'type', name: '', amount: '', burst: '' };

const set = async ({ scope, name }: Typed, body: object): Promise<boolean> => {
  const asked = await confirm({
    title: `Limit the ${scope} ${name}?`,
    text: 'It holds at once, in the whole cluster. What runs goes on, also where more runs than may from now on.',
    verb: 'Set the limit',
  });
  if (asked === undefined) return false;
  try {
    await api.setLimit(scope, name.trim(), { ...asked, ...body });
    tell(`The ${scope} ${name} is limited`);
    return true;
  } catch (error) {
    tellFailure('Not limited', error);
    return false;
  }
};

const LimitForm = ({ again }: { readonly again: () => void }) => {
  const [typed, setTyped] = useState<Typed>(EMPTY);
  const bounds = boundsOf(typed);
  const change = (changes: Partial<Typed>): void => {
    setTyped({ ...typed, ...changes });
  };
  return (
    <form
      class="form-row"
      aria-label="Limit"
      onSubmit={(event) => {
        event.preventDefault();
        if ('problem' in bounds) return;
        void set(typed, bounds.body).then((done) => {
          if (!done) return;
          setTyped(EMPTY);
          again();
        });
      }}
    >
      <ChoiceField
        label="Limit"
        value={typed.scope}
        choices={SCOPES}
        change={(scope) => {
          change({ scope });
        }}
      />
      <TextField
        label="Name"
        value={typed.name}
        change={(name) => {
          change({ name });
        }}
      />
      <NumberField
        label={typed.scope === 'rate' ? 'Starts a second' : 'Running at once'}
        value={typed.amount}
        step={typed.scope === 'rate' ? 'any' : '1'}
        change={(amount) => {
          change({ amount });
        }}
      />
      {typed.scope === 'rate' && (
        <NumberField
          label="Burst (optional)"
          value={typed.burst}
          change={(burst) => {
            change({ burst });
          }}
        />
      )}
      <button type="submit" class="button" disabled={'problem' in bounds} title={'problem' in bounds ? bounds.problem : undefined}>
        Set …
      </button>
    </form>
  );
};

const Bound = ({ limit: { maxRunning, perSecond, burst, running } }: { readonly limit: Limit }) =>
  maxRunning === null ? (
    <span>
      {figureText(perSecond ?? 0)} a second{burst !== null && `, ${burst} at once after a silence`}
    </span>
  ) : (
    <Usage running={running} maxRunning={maxRunning} />
  );

const COLUMNS: readonly Column<Limit>[] = [
  {
    key: 'what',
    title: 'What',
    cell: ({ scope, name }) => (
      <span>
        <span class="soft">{scope}</span>{' '}
        <strong>
          <Name text={name} />
        </strong>
      </span>
    ),
  },
  { key: 'usage', title: 'Running', cell: (limit) => <Bound limit={limit} /> },
  {
    key: 'why',
    title: 'Why',
    wide: true,
    cell: ({ reason, by }) => (
      <span>
        {reason ?? <span class="faint">no reason given</span>}
        {by !== null && <span class="small soft"> by {by}</span>}
      </span>
    ),
  },
  { key: 'set', title: 'Set', wide: true, cell: ({ updatedAt }) => <When at={updatedAt} /> },
];

const EVERY_MS = 3_000;

const LimitList = () => {
  const fetched = useFetched('limits', api.limits, EVERY_MS);
  const actions: Column<Limit> = {
    key: 'remove',
    title: 'Action',
    cell: (limit) => (
      <button
        type="button"
        class="button button-small"
        aria-label={`Remove the limit of ${limit.name}`}
        onClick={() => {
          void removeLimit(limit).then((was) => {
            if (was) fetched.again();
          });
        }}
      >
        Remove
      </button>
    ),
  };
  return (
    <section class="card stack" aria-labelledby="limits">
      <div class="card-head">
        <h2 id="limits">Limits</h2>
        <span class="card-note">How much runs at once, or begins in a second, in the whole cluster.</span>
      </div>
      <LimitForm again={fetched.again} />
      <Shown fetched={fetched} what="the limits">
        {(all) => {
          const limits = all.filter(({ scope }) => scope !== 'pool');
          return limits.length === 0 ? (
            <Empty title="No type and no rate is limited.">
              Limit a type above, or a rate that tasks name (<code>"rateLimit"</code>), to spare what they use.
            </Empty>
          ) : (
            <DataTable label="Limits" columns={[...COLUMNS, actions]} rows={limits} keyOf={({ scope, name }) => `${scope} ${name}`} />
          );
        }}
      </Shown>
    </section>
  );
};

export const Limits = () => (
  <Page title="Limits and pauses">
    <p class="soft">
      Of task types, rates and everything. Pools are limited and paused on <Link to="/pools">their own page</Link>; how many tasks of one DAG run at
      once is said when it is submitted (<code>"maxRunning"</code>).
    </p>
    <Gates />
    <LimitList />
  </Page>
);
