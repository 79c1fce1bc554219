/** The DAGs. */
import { Router } from 'express';
import { refusal } from '../../core/refusal';
import { gone, param, sendJson } from '../../edge/requests';
import type { DagViews, TaskViews } from '../../ports/views';
import type { ExpectedEnds } from '../expectedEnds';
import type { createAwaitedDag } from '../finals';
import { allOfDag, listDags, mustExist, pageOfDag } from '../lists';
import { dagDetailJson } from '../present';
import { dagIdIn, onlyKnown, waitMsOf } from '../query';
import { queryOf, sendPage, sendPieces } from './answers';

export interface DagRoutesNeeds {
  readonly views: DagViews & Pick<TaskViews, 'tasksOf'>;
  readonly awaitedDag: ReturnType<typeof createAwaitedDag>;
  readonly expectedEnd: ExpectedEnds;
}

/** The DAGs and their tasks. */
export const dagRoutes = ({ views, awaitedDag, expectedEnd }: DagRoutesNeeds): Router => {
  const router = Router();
  router.get('/api/v1/dags', async (request, response) => {
    sendPage(request, response, await listDags(views, queryOf(request)));
  });
  router.get('/api/v1/dags/:dagId', async (request, response) => {
    onlyKnown(queryOf(request), ['waitSeconds']);
    const dagId = dagIdIn(param(request, 'dagId'));
    const dag = await awaitedDag(dagId, waitMsOf(queryOf(request)), gone(response));
    if (dag === undefined) throw refusal('DAG_NOT_FOUND', `no DAG ${dagId}`);
    sendJson(response, dagDetailJson(dag, await expectedEnd(dag)));
  });
  router.get('/api/v1/dags/:dagId/tasks', async (request, response) => {
    onlyKnown(queryOf(request), ['limit', 'cursor']);
    const dagId = dagIdIn(param(request, 'dagId'));
    await mustExist(views, dagId);
    const { limit, cursor } = queryOf(request);
    if (limit !== undefined || cursor !== undefined) sendPage(request, response, await pageOfDag(views, dagId, queryOf(request)));
    else await sendPieces(response, allOfDag(views, dagId));
  });
  return router;
};
