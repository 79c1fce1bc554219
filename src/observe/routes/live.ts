/** What a page shows while it is open. */
import { Router } from 'express';
import { eventStream, sendJson } from '../../edge/requests';
import type { Overview } from '../live/overview';
import type { Stream } from '../live/stream';
import { topicsOf } from '../live/topics';
import { onlyKnown } from '../query';
import { queryOf } from './answers';

export interface LiveRoutesNeeds {
  readonly overview: Pick<Overview, 'withHistory'>;
  readonly stream: Pick<Stream, 'open'>;
}

/** How long a browser waits before it connects again. */
const RETRY_MS = 2000;

/** The figures of the whole system, and what changes, as it changes. */
export const liveRoutes = ({ overview, stream }: LiveRoutesNeeds): Router => {
  const router = Router();
  router.get('/api/v1/overview', async (request, response) => {
    onlyKnown(queryOf(request), []);
    sendJson(response, await overview.withHistory());
  });
  router.get('/api/v1/stream', (request, response) => {
    const topics = topicsOf(queryOf(request));
    const events = eventStream(response);
    const isHead = request.method === 'HEAD';
    if (!isHead) response.once('close', stream.open(events, topics, request.get('Last-Event-ID')));
    events.begin(RETRY_MS);
    if (isHead) events.end();
  });
  return router;
};
