/** The filters of the list of dead letters: in the address, as the list takes them, and as a command for many takes them. */
import type { Query } from '../../routing/address';

export interface LetterFilters {
  readonly state: string;
  readonly kind: string;
  readonly type: string;
  readonly dagName: string;
  readonly taskName: string;
  readonly after: string;
  readonly before: string;
  readonly cursor: string;
}

export const PAGE_SIZE = 50;

/** Without a word about it, open letters are shown: they are what somebody has to do something about. */
export const filtersOf = (query: Query): LetterFilters => ({
  state: query['state'] ?? 'OPEN',
  kind: query['kind'] ?? '',
  type: query['type'] ?? '',
  dagName: query['dagName'] ?? '',
  taskName: query['taskName'] ?? '',
  after: query['after'] ?? '',
  before: query['before'] ?? '',
  cursor: query['cursor'] ?? '',
});

const beginning = (text: string): string => (text === '' || text.endsWith('*') ? text : `${text}*`);

const narrowing = ({ type, dagName, taskName, after, before }: LetterFilters): Readonly<Record<string, string>> =>
  Object.fromEntries(
    Object.entries({
      type: type.trim(),
      dagName: beginning(dagName.trim()),
      taskName: beginning(taskName.trim()),
      failedAfter: after,
      failedBefore: before,
    }).filter(([, value]) => value !== ''),
  );

/** The query of GET /api/v1/dead-letters; the state ALL is no filter. */
export const apiQueryOf = (filters: LetterFilters): string => {
  const { state, kind, cursor } = filters;
  return new URLSearchParams({
    ...(state === 'ALL' ? {} : { state }),
    ...(kind === '' ? {} : { kind }),
    ...narrowing(filters),
    ...(cursor === '' ? {} : { cursor }),
    limit: String(PAGE_SIZE),
  }).toString();
};

/** The filter of a command for all open letters that fit. */
export const bulkFilterOf = (filters: LetterFilters): Readonly<Record<string, string | readonly string[]>> => ({
  ...narrowing(filters),
  ...(filters.kind === '' ? {} : { kind: [filters.kind] }),
});

/** The filter in words, for whoever is asked whether they mean it. */
export const filterWords = (filters: LetterFilters): string => {
  const words = Object.entries(bulkFilterOf(filters)).map(([name, value]) => `${name} ${String(value)}`);
  return words.length === 0 ? 'every open dead letter' : `every open dead letter with ${words.join(', ')}`;
};

export const isFiltered = (filters: LetterFilters): boolean => Object.keys(bulkFilterOf(filters)).length > 0;
