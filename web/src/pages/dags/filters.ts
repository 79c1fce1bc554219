/** The filters of the list of DAGs: in the address as the reader set them, and as the API takes them. */
import type { Query } from '../../routing/address';

export interface DagFilters {
  readonly statuses: readonly string[];
  /** How the name begins. */
  readonly name: string;
  readonly tag: string;
  /** ISO 8601; '' for none. */
  readonly after: string;
  readonly before: string;
  readonly cursor: string;
}

export const PAGE_SIZE = 50;

/** What an address says. */
export const filtersOf = (query: Query): DagFilters => ({
  statuses: (query['status'] ?? '').split(',').filter((status) => status !== ''),
  name: query['name'] ?? '',
  tag: query['tag'] ?? '',
  after: query['after'] ?? '',
  before: query['before'] ?? '',
  cursor: query['cursor'] ?? '',
});

/** The query of GET /api/v1/dags. */
export const apiQueryOf = ({ statuses, name, tag, after, before, cursor }: DagFilters): string => {
  const beginning = name.trim();
  const fields: readonly (readonly [string, string])[] = [
    ['status', statuses.join(',')],
    ['name', beginning === '' || beginning.endsWith('*') ? beginning : `${beginning}*`],
    ['tag', tag.trim()],
    ['createdAfter', after],
    ['createdBefore', before],
    ['cursor', cursor],
    ['limit', String(PAGE_SIZE)],
  ];
  return new URLSearchParams(fields.filter(([, value]) => value !== '').map(([key, value]): [string, string] => [key, value])).toString();
};

/** Whether a DAG may be in the list as it is now: of what is filtered by, its state alone changes. */
export const fitsStates = ({ statuses }: DagFilters, { status }: { readonly status: string }): boolean =>
  statuses.length === 0 || statuses.includes(status);

/** With a status added, or without it where it is there. */
export const toggled = (statuses: readonly string[], status: string): string =>
  (statuses.includes(status) ? statuses.filter((each) => each !== status) : [...statuses, status]).join(',');

export const isFiltered = ({ statuses, name, tag, after, before }: DagFilters): boolean =>
  statuses.length > 0 || [name, tag, after, before].some((text) => text !== '');
