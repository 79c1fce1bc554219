/** The probes of a process that has an express app. */
import { Router } from 'express';
import { type ProbesNeeds, probesOf } from './probes';

/** Health and metrics: every role has them. */
export const probeRoutes = (needs: ProbesNeeds): Router => {
  const router = Router();
  for (const probe of probesOf(needs)) {
    router.get(probe.path, async (_request, response) => {
      const { status, contentType, text } = await probe.answer();
      response.status(status).set('Content-Type', contentType).end(text);
    });
  }
  return router;
};
