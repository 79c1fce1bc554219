/** Who works, how many there are to be, and what keeps tasks back. */
import { Router } from 'express';
import { phaseOf } from '../../core/gates';
import { refusal } from '../../core/refusal';
import { param, sendJson } from '../../edge/requests';
import type { Clock } from '../../ports/clock';
import type { GateStore } from '../../ports/gates';
import type { LimitStore } from '../../ports/limits';
import type { Permits } from '../../ports/permits';
import type { TaskViews } from '../../ports/views';
import { showAutoscaling, type AutoscalingNeeds } from '../autoscaling';
import { gateJson } from '../gates';
import { limitJson, runningUnder } from '../limits';
import { createPools, type PoolNeeds } from '../pools';
import { workerDetailJson, workerJson } from '../present';
import { onlyKnown } from '../query';
import { hostnameIn, targetsJson, type TargetsNeeds } from '../targets';
import type { WorkerList } from '../workers';
import { queryOf, sendPage } from './answers';

export interface WorkerRoutesNeeds {
  readonly workers: WorkerList;
  readonly views: Pick<TaskViews, 'runningIn'>;
}

const WORKER_TASKS_SHOWN = 100;

/** The workers that live or were lost lately, as a plain array, and one of them with what it runs. */
export const workerListRoutes = ({ workers, views }: WorkerRoutesNeeds): Router => {
  const router = Router();
  router.get('/api/v1/workers', async (_request, response) => {
    sendJson(response, `[${(await workers.all()).map(workerJson).join(',')}]`);
  });
  router.get('/api/v1/workers/:workerId', async (request, response) => {
    onlyKnown(queryOf(request), []);
    const worker = await workers.one(param(request, 'workerId'));
    sendJson(response, workerDetailJson(worker, await views.runningIn(worker.session, WORKER_TASKS_SHOWN)));
  });
  return router;
};

/** Where Prometheus finds all processes that live now. */
export const targetRoutes = (needs: TargetsNeeds): Router => {
  const router = Router();
  router.get('/api/v1/prometheus-targets', async (request, response) => {
    onlyKnown(queryOf(request), []);
    sendJson(response, await targetsJson(needs, hostnameIn(request.headers.host)));
  });
  return router;
};

/** What is paused or in quarantine, as a plain array. */
export const gateListRoutes = ({ gates, clock }: { readonly gates: Pick<GateStore, 'gates'>; readonly clock: Pick<Clock, 'now'> }): Router => {
  const router = Router();
  router.get('/api/v1/gates', async (request, response) => {
    onlyKnown(queryOf(request), []);
    const now = clock.now();
    const inForce = (await gates.gates()).filter((gate) => phaseOf(gate, now) !== 'ENDED');
    sendJson(response, `[${inForce.map((gate) => gateJson(gate, now)).join(',')}]`);
  });
  return router;
};

/** The pools, as a plain array. */
export const poolRoutes = (needs: PoolNeeds): Router => {
  const router = Router();
  const pools = createPools(needs);
  router.get('/api/v1/pools', async (request, response) => {
    onlyKnown(queryOf(request), []);
    sendJson(response, await pools());
  });
  return router;
};

/** How many workers there are to be and why. */
export const autoscalingRoutes = (needs: AutoscalingNeeds): Router => {
  const router = Router();
  router.get('/api/v1/autoscaling', async (request, response) => {
    sendPage(request, response, await showAutoscaling(needs, queryOf(request)));
  });
  return router;
};

export interface LimitRoutesNeeds {
  readonly limits: Pick<LimitStore, 'limits'>;
  readonly permits: Pick<Permits, 'taken'>;
}

/** The limits of the cluster, with how many tasks run under each: as a plain array, and one of them. */
export const limitRoutes = ({ limits, permits }: LimitRoutesNeeds): Router => {
  const router = Router();
  router.get('/api/v1/limits', async (request, response) => {
    onlyKnown(queryOf(request), []);
    const all = await limits.limits();
    const running = await runningUnder(permits, all);
    sendJson(response, `[${all.map((limit, i) => limitJson(limit, running[i] ?? null)).join(',')}]`);
  });
  router.get('/api/v1/limits/:scope/:name', async (request, response) => {
    const [scope, name] = [param(request, 'scope'), param(request, 'name')];
    const limit = (await limits.limits()).find((each) => each.scope === scope && each.name === name);
    if (limit === undefined) throw refusal('LIMIT_NOT_FOUND', `no limit of the ${scope} ${name}`);
    const [running] = await runningUnder(permits, [limit]);
    sendJson(response, limitJson(limit, running ?? null));
  });
  return router;
};
