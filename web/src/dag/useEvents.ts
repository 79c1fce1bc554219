/** The history of a DAG: all of it, page by page. */
import { ask } from '../api/client';
import { useFetched, useSparingly, useStream, type Fetched } from '../live/hooks';
import type { HistoryEvent } from './model';

interface EventPage {
  readonly items: readonly HistoryEvent[];
  readonly nextCursor: string | null;
}

const PAGE = 1_000;
/** Beyond so many pages nobody reads, nor looks. */
const MOST_PAGES = 10;

const allEvents = async (dagId: string, signal: AbortSignal): Promise<readonly HistoryEvent[]> => {
  const path = `/api/v1/dags/${encodeURIComponent(dagId)}/events`;
  const found: HistoryEvent[] = [];
  let cursor: string | null = null;
  for (let page = 0; page < MOST_PAGES; page++) {
    const query = new URLSearchParams({ limit: String(PAGE), ...(cursor === null ? {} : { cursor }) });
    const answer: EventPage = await ask<EventPage>(`${path}?${query.toString()}`, { signal });
    found.push(...answer.items);
    cursor = answer.nextCursor;
    if (cursor === null) break;
  }
  return found;
};

const AGAIN_MS = 3_000;
/** Several pages are some megabytes. */
const AGAIN_SELDOM_MS = 30_000;

/** Read anew now and then while things happen to the DAG. */
export const useEvents = (dagId: string): Fetched<readonly HistoryEvent[]> => {
  const fetched = useFetched(dagId, (signal) => allEvents(dagId, signal));
  const againSoon = useSparingly(fetched.again, (fetched.data?.length ?? 0) < PAGE ? AGAIN_MS : AGAIN_SELDOM_MS);
  useStream(`dag:${dagId}`, 'dag', againSoon, fetched.again);
  return fetched;
};
