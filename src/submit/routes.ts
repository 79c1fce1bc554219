/** POST /api/v1/dags. */
import { Router } from 'express';
import { bytesOf, keyOf, onlyJson, rawBody } from '../edge/requests';
import type { DagView } from '../ports/views';
import type { Submitter } from './submitter';

export interface SubmitRoutesNeeds {
  readonly submitter: Submitter;
  /** Of a body, after it was unpacked. */
  readonly bodyBytes: number;
  /** The JSON text of a DAG, as every other answer shows it. */
  readonly present: (dag: DagView) => string;
}

/** The routes that take submissions. */
export const submitRoutes = ({ submitter, bodyBytes, present }: SubmitRoutesNeeds): Router => {
  const router = Router();
  router.post('/api/v1/dags', onlyJson, rawBody(bodyBytes), async (request, response) => {
    const { dag, replayed } = await submitter.submit(bytesOf(request), keyOf(request));
    if (replayed) response.set('Idempotency-Replayed', 'true');
    response
      .status(201)
      .set({ Location: `/api/v1/dags/${dag.dagId}`, 'Content-Type': 'application/json; charset=utf-8' })
      .end(present(dag));
  });
  return router;
};
