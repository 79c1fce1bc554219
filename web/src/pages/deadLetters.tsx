/** Tasks that gave up: looked into, replayed, discarded. */
import type { DeadLetter } from '../../../src/sdk/responses';
import { api } from '../api/client';
import { Page } from '../layout/layout';
import { useFetched } from '../live/hooks';
import { StatusBadge } from '../parts/badge';
import { DataTable, type Column } from '../parts/dataTable';
import { ChoiceField, MomentField, SearchField } from '../parts/fields';
import { KINDS, kindText } from '../parts/failureKinds';
import { Name } from '../parts/name';
import { Empty, Shown } from '../parts/notices';
import { Pager } from '../parts/pager';
import { When } from '../parts/times';
import { dagPath } from '../routing/paths';
import { goWith, Link, place } from '../routing/router';
import { BulkButtons } from './deadLetters/bulk';
import { apiQueryOf, filtersOf, isFiltered, type LetterFilters } from './deadLetters/filters';
import { Letter } from './deadLetters/letter';

const STATES = [
  ['OPEN', 'open'],
  ['REPLAYED', 'replayed'],
  ['DISCARDED', 'discarded'],
  ['ALL', 'all'],
] as const;

const filterBy =
  (name: string) =>
  (value: string): void => {
    goWith({ [name]: value, cursor: '' }, { replace: true });
  };

const Filters = ({ filters: { state, kind, type, dagName, taskName, after, before } }: { readonly filters: LetterFilters }) => (
  <div class="filters" role="search" aria-label="Dead letters">
    <ChoiceField
      label="State"
      value={state}
      choices={STATES}
      change={(next) => {
        filterBy('state')(next === 'OPEN' ? '' : next);
      }}
    />
    <ChoiceField label="Kind of failure" value={kind} choices={[['', 'any'], ...KINDS]} change={filterBy('kind')} />
    <SearchField label="Task type" value={type} change={filterBy('type')} />
    <SearchField label="DAG begins with" value={dagName} change={filterBy('dagName')} />
    <SearchField label="Task begins with" value={taskName} change={filterBy('taskName')} />
    <div class="filter-pair">
      <MomentField label="Failed after" value={after} change={filterBy('after')} />
      <MomentField label="Failed before" value={before} change={filterBy('before')} />
    </div>
  </div>
);

const COLUMNS: readonly Column<DeadLetter>[] = [
  { key: 'state', title: 'State', wide: true, cell: ({ state }) => <StatusBadge status={state} /> },
  { key: 'when', title: 'Failed', wide: true, cell: ({ failedAt }) => <When at={failedAt} /> },
  {
    key: 'task',
    title: 'Task',
    cell: ({ taskName, dagId, dagName, record }) => (
      <div class="name-cell">
        <strong>{taskName ?? record?.place ?? '–'}</strong>
        {dagId !== null && (
          <div class="small clamp" title={dagName ?? undefined}>
            <Link to={dagPath(dagId)}>{dagName}</Link>
          </div>
        )}
      </div>
    ),
  },
  {
    key: 'error',
    title: 'Error',
    cell: ({ error, kind, type }) => (
      <div class="name-cell">
        <span class="error-cell" title={error?.message}>
          {error?.message ?? kindText(kind)}
        </span>
        <span class="small soft">
          {kindText(kind)}
          {type !== null && (
            <>
              {' · '}
              <Name text={type} />
            </>
          )}
        </span>
      </div>
    ),
  },
  {
    key: 'look',
    title: 'Action',
    cell: ({ letterId, taskName }) => (
      <button
        type="button"
        class="button button-small"
        aria-label={`Look into ${taskName ?? 'the record'}`}
        onClick={() => {
          goWith({ letter: letterId });
        }}
      >
        Look into
      </button>
    ),
  },
];

const EVERY_MS = 10_000;

const None = ({ filters }: { readonly filters: LetterFilters }) =>
  isFiltered(filters) || filters.state !== 'OPEN' ? (
    <Empty title="No dead letter fits these filters.">
      <Link to="/dead-letters">Show all that are open</Link>
    </Empty>
  ) : (
    <Empty title="No dead letters are open.">A task that uses up its retries lies here until it is replayed or discarded.</Empty>
  );

export const DeadLetters = () => {
  const { query } = place.value;
  const filters = filtersOf(query);
  const asked = apiQueryOf(filters);
  const fetched = useFetched(asked, (signal) => api.letters(asked, signal), EVERY_MS);
  const letterId = query['letter'];
  return (
    <Page title="Dead letters" actions={filters.state === 'OPEN' && <BulkButtons filters={filters} changed={fetched.again} />}>
      <Filters filters={filters} />
      <Shown fetched={fetched} what="the dead letters">
        {({ items, nextCursor }) =>
          items.length === 0 ? (
            <None filters={filters} />
          ) : (
            <>
              <DataTable label="Dead letters" columns={COLUMNS} rows={items} keyOf={(letter) => letter.letterId} />
              <Pager shown={items.length} cursor={filters.cursor} nextCursor={nextCursor} />
            </>
          )
        }
      </Shown>
      {letterId !== undefined && (
        <Letter
          key={letterId}
          letterId={letterId}
          changed={fetched.again}
          close={() => {
            goWith({ letter: '' }, { replace: true });
          }}
        />
      )}
    </Page>
  );
};
