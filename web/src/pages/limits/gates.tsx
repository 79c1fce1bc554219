/** What is paused or in quarantine, and pausing more. */
import { useState } from 'preact/hooks';
import type { Gate } from '../../../../src/sdk/responses';
import { api } from '../../api/client';
import { useFetched } from '../../live/hooks';
import { StatusBadge } from '../../parts/badge';
import { DataTable, type Column } from '../../parts/dataTable';
import { confirm } from '../../parts/dialog';
import { ChoiceField, MomentField, TextField } from '../../parts/fields';
import { plural } from '../../parts/format';
import { Name } from '../../parts/name';
import { Empty, Shown } from '../../parts/notices';
import { When } from '../../parts/times';
import { tell, tellFailure } from '../../parts/toasts';
import { wordsOfGate } from './gateWords';
import { resumeGate, targetOf } from './resume';

type Scope = Gate['scope'];

const pause = async (scope: Scope, name: string, until: string): Promise<boolean> => {
  const words = wordsOfGate(scope, name);
  const asked = await confirm({
    title: `Pause ${words}?`,
    text: `What runs goes on; nothing else of it starts ${until === '' ? 'until it is resumed' : 'until the time that you chose, or until it is resumed'}.`,
    verb: 'Pause',
    danger: scope === 'all',
  });
  if (asked === undefined) return false;
  try {
    await api.pauseGate(targetOf(scope, name.trim()), { ...asked, ...(until === '' ? {} : { until }) });
    tell(`Paused ${words}`);
    return true;
  } catch (error) {
    tellFailure('Not paused', error);
    return false;
  }
};

const SCOPES = [
  ['type', 'a task type'],
  ['all', 'everything'],
] as const;

const PauseForm = ({ again }: { readonly again: () => void }) => {
  const [scope, setScope] = useState<Scope>('type');
  const [name, setName] = useState('');
  const [until, setUntil] = useState('');
  return (
    <form
      class="form-row"
      aria-label="Pause"
      onSubmit={(event) => {
        event.preventDefault();
        void pause(scope, name, until).then((done) => {
          if (!done) return;
          setName('');
          setUntil('');
          again();
        });
      }}
    >
      <ChoiceField label="Pause" value={scope} choices={SCOPES} change={setScope} />
      {scope !== 'all' && <TextField label="Task type" value={name} change={setName} />}
      <MomentField label="Until (optional)" value={until} change={setUntil} />
      <button type="submit" class="button" disabled={scope !== 'all' && name.trim() === ''}>
        Pause …
      </button>
    </form>
  );
};

const COLUMNS: readonly Column<Gate>[] = [
  {
    key: 'what',
    title: 'What',
    cell: ({ scope, name, state }) => (
      <div class="name-cell">
        <strong>
          <Name text={wordsOfGate(scope, name)} />
        </strong>
        <div>
          <StatusBadge status={state} />
        </div>
      </div>
    ),
  },
  {
    key: 'why',
    title: 'Why',
    cell: ({ reason, by, trips, probing }) => (
      <div>
        {reason ?? <span class="faint">no reason given</span>}
        <div class="small soft">
          {by !== null && `by ${by}`}
          {trips > 0 && `${plural(trips, 'quarantine')} in a row`}
          {probing && ', a few tasks try whether it works again'}
        </div>
      </div>
    ),
  },
  { key: 'since', title: 'Since', wide: true, cell: ({ since }) => <When at={since} /> },
  {
    key: 'until',
    title: 'Until',
    wide: true,
    cell: ({ until }) => (until === null ? <span class="soft">resumed by hand</span> : <When at={until} />),
  },
];

const EVERY_MS = 5_000;

export const Gates = () => {
  const fetched = useFetched('gates', api.gates, EVERY_MS);
  const actions: Column<Gate> = {
    key: 'resume',
    title: 'Action',
    cell: (gate) => (
      <button
        type="button"
        class="button button-small"
        aria-label={`Resume ${wordsOfGate(gate.scope, gate.name)}`}
        onClick={() => {
          void resumeGate(gate).then(fetched.again);
        }}
      >
        Resume
      </button>
    ),
  };
  return (
    <section class="card stack" aria-labelledby="gates">
      <div class="card-head">
        <h2 id="gates">Paused and in quarantine</h2>
        <span class="card-note">What runs goes on, nothing else of it starts.</span>
      </div>
      <PauseForm again={fetched.again} />
      <Shown fetched={fetched} what="what is paused">
        {(all) => {
          const gates = all.filter(({ scope }) => scope !== 'pool');
          return gates.length === 0 ? (
            <Empty title="Nothing is paused.">A type that fails everywhere appears here by itself, in quarantine.</Empty>
          ) : (
            <DataTable
              label="Paused and in quarantine"
              columns={[...COLUMNS, actions]}
              rows={gates}
              keyOf={({ scope, name, state }) => `${scope} ${name ?? ''} ${state}`}
            />
          );
        }}
      </Shown>
    </section>
  );
};
