/** The paths by which a process is watched: whether it lives, whether it takes work, what it needs, and its metrics. */
import { Router } from 'express';
import { sendJson } from './requests';

export interface ProbeRoutesNeeds {
  /** The report, and whether all that is needed is there. */
  readonly health: () => Promise<{ readonly status: 'UP' | 'DOWN' }>;
  /** Whether the process does its work: false while it starts and while it stops. */
  readonly ready: () => boolean;
  readonly metrics: { readonly contentType: string; text(): Promise<string> };
}

/** Health and metrics: every role has them. */
export const probeRoutes = ({ health, ready, metrics }: ProbeRoutesNeeds): Router => {
  const router = Router();
  router.get('/api/v1/health', async (_request, response) => {
    const report = await health();
    sendJson(response, JSON.stringify(report), report.status === 'UP' ? 200 : 503);
  });
  router.get('/livez', (_request, response) => {
    sendJson(response, '{"status":"UP"}');
  });
  router.get('/readyz', (_request, response) => {
    const up = ready();
    sendJson(response, `{"status":"${up ? 'UP' : 'DOWN'}"}`, up ? 200 : 503);
  });
  router.get('/actuator/prometheus', async (_request, response) => {
    response
      .status(200)
      .set('Content-Type', metrics.contentType)
      .end(await metrics.text());
  });
  return router;
};
