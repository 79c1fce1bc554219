/** The history of a DAG: all of it, page by page. */
import { ask } from '../api/client';
import { useFetched, type Fetched } from '../live/hooks';
import type { HistoryEvent } from './model';

interface EventPage {
  readonly items: readonly HistoryEvent[];
  readonly nextCursor: string | null;
}

/** Beyond so many pages of a thousand nobody reads, nor looks. */
const MOST_PAGES = 10;

const allEvents = async (dagId: string, signal: AbortSignal): Promise<readonly HistoryEvent[]> => {
  const path = `/api/v1/dags/${encodeURIComponent(dagId)}/events`;
  const found: HistoryEvent[] = [];
  let cursor: string | null = null;
  for (let page = 0; page < MOST_PAGES; page++) {
    const query = new URLSearchParams({ limit: '1000', ...(cursor === null ? {} : { cursor }) });
    const answer: EventPage = await ask<EventPage>(`${path}?${query.toString()}`, { signal });
    found.push(...answer.items);
    cursor = answer.nextCursor;
    if (cursor === null) break;
  }
  return found;
};

/** Read anew whenever `stamp` changes: what of the DAG tells that something happened. */
export const useEvents = (dagId: string, stamp: string): Fetched<readonly HistoryEvent[]> =>
  useFetched(`${dagId} ${stamp}`, (signal) => allEvents(dagId, signal));
