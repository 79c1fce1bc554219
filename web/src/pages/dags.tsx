/** The DAGs, newest first, with filters that are in the address. */
import { useState } from 'preact/hooks';
import type { DagView, Page as Listed } from '../../../src/sdk/responses';
import { api } from '../api/client';
import { Page } from '../layout/layout';
import { useFetched, useSparingly, useStream, type Fetched } from '../live/hooks';
import { StatusBadge } from '../parts/badge';
import { DataTable, type Column } from '../parts/dataTable';
import { MomentField, SearchField } from '../parts/fields';
import { Empty, Shown } from '../parts/notices';
import { Pager } from '../parts/pager';
import { ProgressBar } from '../parts/progressBar';
import { StatusChips } from '../parts/statusChips';
import { DAG_STATUSES } from '../parts/status';
import { Took, When } from '../parts/times';
import { dagPath } from '../routing/paths';
import { goWith, Link, place } from '../routing/router';
import { BulkBar, Refusals } from './dags/bulk';
import { apiQueryOf, filtersOf, fitsStates, isFiltered, toggled, type DagFilters } from './dags/filters';
import { afterwards, type Told } from './dags/told';

/** A change of any filter goes back to the first page. */
const filter = (changes: Readonly<Record<string, string>>): void => {
  goWith({ ...changes, cursor: '' }, { replace: true });
};

const Filters = ({ filters }: { readonly filters: DagFilters }) => (
  <div class="stack">
    <StatusChips
      label="States"
      all={DAG_STATUSES}
      chosen={filters.statuses}
      toggle={(status) => {
        filter({ status: toggled(filters.statuses, status) });
      }}
    />
    <div class="filters" role="search" aria-label="DAGs">
      <SearchField
        label="Name begins with"
        value={filters.name}
        change={(name) => {
          filter({ name });
        }}
      />
      <SearchField
        label="Tag"
        value={filters.tag}
        change={(tag) => {
          filter({ tag });
        }}
      />
      <MomentField
        label="Submitted after"
        value={filters.after}
        change={(after) => {
          filter({ after });
        }}
      />
      <MomentField
        label="Submitted before"
        value={filters.before}
        change={(before) => {
          filter({ before });
        }}
      />
      {isFiltered(filters) && (
        <Link class="button" to="/dags">
          Clear filters
        </Link>
      )}
    </div>
  </div>
);

interface Choosing {
  readonly chosen: ReadonlySet<string>;
  readonly choose: (dagIds: readonly string[], chosen: boolean) => void;
}

const checkColumn = (rows: readonly DagView[], { chosen, choose }: Choosing): Column<DagView> => ({
  key: 'choose',
  narrow: true,
  title: (
    <input
      type="checkbox"
      aria-label="Choose all that are shown"
      checked={rows.length > 0 && rows.every(({ dagId }) => chosen.has(dagId))}
      onChange={({ currentTarget }) => {
        choose(
          rows.map(({ dagId }) => dagId),
          currentTarget.checked,
        );
      }}
    />
  ),
  cell: ({ dagId, dagName }) => (
    <input
      type="checkbox"
      aria-label={`Choose ${dagName}`}
      checked={chosen.has(dagId)}
      onChange={({ currentTarget }) => {
        choose([dagId], currentTarget.checked);
      }}
    />
  ),
});

const COLUMNS: readonly Column<DagView>[] = [
  { key: 'status', title: 'Status', cell: ({ status }) => <StatusBadge status={status} /> },
  {
    key: 'name',
    title: 'Name',
    cell: ({ dagId, dagName, tags }) => (
      <div class="name-cell">
        <Link to={dagPath(dagId)}>{dagName}</Link>
        {tags.length > 0 && (
          <div class="tags">
            {tags.slice(0, 4).map((tag) => (
              <Link key={tag} class="tag" to={`/dags?tag=${encodeURIComponent(tag)}`}>
                {tag}
              </Link>
            ))}
          </div>
        )}
      </div>
    ),
  },
  { key: 'tasks', title: 'Tasks', cell: (dag) => <ProgressBar dag={dag} /> },
  { key: 'submitted', title: 'Submitted', wide: true, cell: ({ createdAt }) => <When at={createdAt} /> },
  { key: 'took', title: 'Took', align: 'right', wide: true, cell: ({ createdAt, completedAt }) => <Took from={createdAt} to={completedAt} /> },
];

const REREAD_MS = 2_000;
/** Where changes are told of that aren't named: there are more than a page shows all the time. */
const REREAD_SELDOM_MS = 10_000;

const useLiveList = (filters: DagFilters): Fetched<Listed<DagView>> => {
  const query = apiQueryOf(filters);
  const fetched = useFetched(query, (signal) => api.dags(query, signal));
  const rereadSoon = useSparingly(fetched.again, REREAD_MS);
  const rereadLater = useSparingly(fetched.again, REREAD_SELDOM_MS);
  useStream(
    'dags',
    'dags',
    (data) => {
      const told = data as Told;
      const known = new Set(fetched.data?.items.map(({ dagId }) => dagId));
      const belongs = (dag: DagView): boolean => fitsStates(filters, dag);
      fetched.change((before) => ({ ...before, items: afterwards(before.items, told, belongs) }));
      const gone = [...told.removed, ...told.changed.filter((dag) => !belongs(dag)).map(({ dagId }) => dagId)];
      if (filters.cursor === '' && told.changed.some((dag) => belongs(dag) && !known.has(dag.dagId))) rereadSoon();
      else if (told.more || gone.some((dagId) => known.has(dagId))) rereadLater();
    },
    fetched.again,
  );
  return fetched;
};

const NoDags = ({ filters }: { readonly filters: DagFilters }) =>
  isFiltered(filters) ? (
    <Empty title="No DAG fits these filters.">
      Choose fewer states, a shorter beginning of the name, or <Link to="/dags">clear the filters</Link>.
    </Empty>
  ) : (
    <Empty title="No DAG was submitted yet.">
      <Link to="/submit">Submit the example</Link> to see one run.
    </Empty>
  );

export const Dags = () => {
  const filters = filtersOf(place.value.query);
  const fetched = useLiveList(filters);
  const [chosen, setChosen] = useState<ReadonlySet<string>>(new Set());
  const choose: Choosing['choose'] = (dagIds, on) => {
    setChosen((before) => new Set(on ? [...before, ...dagIds] : [...before].filter((dagId) => !dagIds.includes(dagId))));
  };
  const clear = (): void => {
    setChosen(new Set());
  };
  const chosenDags = fetched.data?.items.filter(({ dagId }) => chosen.has(dagId)) ?? [];
  return (
    <Page
      title="DAGs"
      actions={
        <Link to="/submit" class="button button-main">
          Submit a DAG
        </Link>
      }
    >
      <Filters filters={filters} />
      <Refusals />
      {chosenDags.length > 0 && (
        <BulkBar
          chosen={chosenDags}
          clear={clear}
          done={() => {
            clear();
            fetched.again();
          }}
        />
      )}
      <Shown fetched={fetched} what="the DAGs">
        {({ items, nextCursor }) =>
          items.length === 0 ? (
            <NoDags filters={filters} />
          ) : (
            <>
              <DataTable
                label="DAGs"
                columns={[checkColumn(items, { chosen, choose }), ...COLUMNS]}
                rows={items}
                keyOf={({ dagId }) => dagId}
                isChosen={({ dagId }) => chosen.has(dagId)}
              />
              <Pager shown={items.length} cursor={filters.cursor} nextCursor={nextCursor} />
            </>
          )
        }
      </Shown>
    </Page>
  );
};
