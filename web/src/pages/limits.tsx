/** What keeps tasks back on purpose: pauses, quarantines, and limits of pools, types and rates. */
import { useState } from 'preact/hooks';
import type { Limit } from '../../../src/sdk/responses';
import { api } from '../api/client';
import { Page } from '../layout/layout';
import { useFetched } from '../live/hooks';
import { DataTable, type Column } from '../parts/dataTable';
import { confirm } from '../parts/dialog';
import { ChoiceField, NumberField, TextField } from '../parts/fields';
import { figureText } from '../parts/format';
import { Empty, Shown } from '../parts/notices';
import { When } from '../parts/times';
import { tell, tellFailure } from '../parts/toasts';
import { boundsOf, type Typed } from './limits/bounds';
import { Gates } from './limits/gates';

const SCOPES = [
  ['pool', 'a pool'],
  ['type', 'a task type'],
  ['rate', 'a rate'],
] as const;

const EMPTY: Typed = { scope: 'pool', name: '', amount: '', burst: '' };

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

const Usage = ({ limit: { maxRunning, perSecond, burst, running } }: { readonly limit: Limit }) => {
  if (maxRunning === null)
    return (
      <span class="figure">
        {figureText(perSecond ?? 0)} a second{burst !== null && `, ${burst} at once after a silence`}
      </span>
    );
  const full = running !== null && running >= maxRunning;
  return (
    <div class="slots">
      <div class="bar" aria-hidden="true">
        <div
          class={`bar-fill tone-${full ? 'warn' : 'busy'}`}
          style={{ width: `${Math.min(100, (100 * (running ?? 0)) / maxRunning)}%`, minWidth: '0' }}
        />
      </div>
      <span class="figure">
        {running ?? '?'} of {maxRunning}
        {full && ' – full'}
      </span>
    </div>
  );
};

const COLUMNS: readonly Column<Limit>[] = [
  {
    key: 'what',
    title: 'What',
    cell: ({ scope, name }) => (
      <span>
        <span class="soft">{scope}</span> <strong>{name}</strong>
      </span>
    ),
  },
  { key: 'usage', title: 'Running', cell: (limit) => <Usage limit={limit} /> },
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

const remove = async ({ scope, name }: Limit, again: () => void): Promise<void> => {
  const asked = await confirm({
    title: `Remove the limit of the ${scope} ${name}?`,
    text: 'What waits because of it starts as soon as slots are free.',
    verb: 'Remove it',
    danger: true,
    plain: true,
  });
  if (asked === undefined) return;
  try {
    await api.removeLimit(scope, name);
    tell(`The ${scope} ${name} has no limit any more`);
  } catch (error) {
    tellFailure('Not removed', error);
  }
  again();
};

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
          void remove(limit, fetched.again);
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
        {(limits) =>
          limits.length === 0 ? (
            <Empty title="Nothing is limited.">Give tasks a pool (“pool”: “warehouse”) and limit it here, to spare what they share.</Empty>
          ) : (
            <DataTable label="Limits" columns={[...COLUMNS, actions]} rows={limits} keyOf={({ scope, name }) => `${scope} ${name}`} />
          )
        }
      </Shown>
    </section>
  );
};

export const Limits = () => (
  <Page title="Limits and gates">
    <Gates />
    <LimitList />
  </Page>
);
