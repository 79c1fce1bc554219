/** The paths that only read: DAGs, tasks, workers, health, metrics, and the API's own description. */
import path from 'node:path';
import express, { Router, type Request, type Response } from 'express';
import { phaseOf } from '../core/gates';
import type { DagId } from '../core/ids';
import { refusal } from '../core/refusal';
import { drained, gone, param, sendJson } from '../edge/requests';
import type { Clock } from '../ports/clock';
import type { GateStore } from '../ports/gates';
import type { HistoryViews } from '../ports/history';
import type { LimitStore } from '../ports/limits';
import type { Permits } from '../ports/permits';
import type { DeadLetterViews } from '../ports/letters';
import type { WorkIndex } from '../ports/store';
import type { DagViews, TaskViews } from '../ports/views';
import { showAutoscaling, type AutoscalingNeeds } from './autoscaling';
import { PAGE_POLICY, docsPage, docsScript, errorsPage } from './docsPages';
import { createExplain, type ExplainNeeds } from './explain';
import type { createAwaitedDag } from './finals';
import { gateJson } from './gates';
import type { HealthReport } from './health';
import { limitJson, runningUnder } from './limits';
import { allOfDag, listCommands, listDags, listEvents, listLetters, listTasks, mustExist, pageOfDag, type Page } from './lists';
import { dagJson, taskDetailJson, workerDetailJson, workerJson } from './present';
import { commandJson, letterDetailJson } from './presentHistory';
import { commandIdIn, dagIdIn, letterIdIn, onlyKnown, taskRefIn, waitMsOf, type Query } from './query';
import { inputsJson } from './inputs';
import type { WorkerList } from './workers';

/** Only its folder is needed: loading the package would evaluate the whole page, in workers too. */
const SWAGGER_UI = path.dirname(require.resolve('swagger-ui-dist/package.json'));

const queryOf = (request: Request): Query => request.query;

/** Says where the next page is (RFC 8288): the same query, with the cursor. */
const sendPage = (request: Request, response: Response, { json, nextCursor, limit }: Page): void => {
  if (nextCursor !== null) {
    const next = new URLSearchParams(
      Object.entries(queryOf(request)).flatMap(([name, value]) => [value].flat().map((one) => [name, String(one)] as [string, string])),
    );
    next.set('limit', String(limit));
    next.set('cursor', nextCursor);
    response.set('Link', `<${request.path}?${next.toString()}>; rel="next"`);
  }
  sendJson(response, json);
};

/** Sends pieces as they come. The first is made before anything is sent, so that an early failure is still a proper answer. */
const sendPieces = async (response: Response, pieces: AsyncGenerator<string>): Promise<void> => {
  for await (const piece of pieces) {
    if (!response.headersSent) response.status(200).set('Content-Type', 'application/json; charset=utf-8');
    if (response.destroyed) return;
    if (!response.write(piece)) await drained(response);
  }
  response.end();
};

export interface DagRoutesNeeds {
  readonly views: DagViews & Pick<TaskViews, 'tasksOf'>;
  readonly awaitedDag: ReturnType<typeof createAwaitedDag>;
}

/** The DAGs and their tasks. */
export const dagRoutes = ({ views, awaitedDag }: DagRoutesNeeds): Router => {
  const router = Router();
  router.get('/api/v1/dags', async (request, response) => {
    sendPage(request, response, await listDags(views, queryOf(request)));
  });
  router.get('/api/v1/dags/:dagId', async (request, response) => {
    onlyKnown(queryOf(request), ['waitSeconds']);
    const dagId = dagIdIn(param(request, 'dagId'));
    const dag = await awaitedDag(dagId, waitMsOf(queryOf(request)), gone(response));
    if (dag === undefined) throw refusal('DAG_NOT_FOUND', `no DAG ${dagId}`);
    sendJson(response, dagJson(dag));
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

export interface TaskRoutesNeeds extends Omit<ExplainNeeds, 'views'> {
  readonly views: TaskViews & Pick<HistoryViews, 'attempts'>;
}

const ATTEMPTS_SHOWN = 100;

/** The tasks over all DAGs. */
export const taskRoutes = (needs: TaskRoutesNeeds): Router => {
  const router = Router();
  const explain = createExplain(needs);
  router.get('/api/v1/tasks', async (request, response) => {
    sendPage(request, response, await listTasks(needs.views, queryOf(request)));
  });
  router.get('/api/v1/tasks/:taskId', async (request, response) => {
    onlyKnown(queryOf(request), []);
    const ref = taskRefIn(param(request, 'taskId'));
    const [task, attempts] = await Promise.all([needs.views.task(ref), needs.views.attempts(ref, ATTEMPTS_SHOWN)]);
    if (task === undefined) throw refusal('TASK_NOT_FOUND', `no task ${param(request, 'taskId')}`);
    sendJson(response, taskDetailJson(task, attempts));
  });
  router.get('/api/v1/tasks/:taskId/explain', async (request, response) => {
    onlyKnown(queryOf(request), []);
    const explanation = await explain(taskRefIn(param(request, 'taskId')));
    if (explanation === undefined) throw refusal('TASK_NOT_FOUND', `no task ${param(request, 'taskId')}`);
    sendJson(response, JSON.stringify(explanation));
  });
  return router;
};

/** What was done to DAGs and what happened to them. */
export const historyRoutes = ({ views }: { readonly views: Pick<DagViews, 'dag'> & HistoryViews }): Router => {
  const router = Router();
  const ofDag = (path: string, list: (views: HistoryViews, dag: DagId, query: Query) => Promise<Page>): void => {
    router.get(path, async (request, response) => {
      onlyKnown(queryOf(request), ['limit', 'cursor']);
      const dagId = dagIdIn(param(request, 'dagId'));
      await mustExist(views, dagId);
      sendPage(request, response, await list(views, dagId, queryOf(request)));
    });
  };
  ofDag('/api/v1/dags/:dagId/events', listEvents);
  ofDag('/api/v1/dags/:dagId/commands', listCommands);
  router.get('/api/v1/commands/:commandId', async (request, response) => {
    onlyKnown(queryOf(request), []);
    const command = await views.command(commandIdIn(param(request, 'commandId')));
    if (command === undefined) throw refusal('COMMAND_NOT_FOUND', `no command ${param(request, 'commandId')}`);
    sendJson(response, commandJson(command));
  });
  return router;
};

/** The dead letters. */
export const letterRoutes = ({ views }: { readonly views: Pick<DeadLetterViews, 'letters' | 'letter'> }): Router => {
  const router = Router();
  router.get('/api/v1/dead-letters', async (request, response) => {
    sendPage(request, response, await listLetters(views, queryOf(request)));
  });
  router.get('/api/v1/dead-letters/:letterId', async (request, response) => {
    onlyKnown(queryOf(request), []);
    const letter = await views.letter(letterIdIn(param(request, 'letterId')));
    if (letter === undefined) throw refusal('LETTER_NOT_FOUND', `no dead letter ${param(request, 'letterId')}`);
    sendJson(response, letterDetailJson(letter));
  });
  return router;
};

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

/** For workers: the inputs of a task that were too large to travel with its dispatch. */
export const inputRoutes = ({ work }: { readonly work: Pick<WorkIndex, 'inputs'> }): Router => {
  const router = Router();
  router.get('/internal/v1/inputs/:taskId', async (request, response) => {
    onlyKnown(queryOf(request), ['fence']);
    sendJson(response, await inputsJson(work, taskRefIn(param(request, 'taskId')), queryOf(request).fence));
  });
  return router;
};

export interface ProbeRoutesNeeds {
  readonly health: () => Promise<HealthReport>;
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

/** The API's description, a page to try it out, and the table of errors. All of it is served from here: it works offline. */
export const docsRoutes = ({ openApi }: { readonly openApi: object }): Router => {
  const router = Router();
  const document = JSON.stringify(openApi);
  const page = (path: string, type: string, text: string): void => {
    router.get(path, (_request, response) => {
      response
        .status(200)
        .set({ 'Content-Type': `${type}; charset=utf-8`, 'Content-Security-Policy': PAGE_POLICY })
        .end(text);
    });
  };
  page('/api/v1/openapi.json', 'application/json', document);
  page('/docs', 'text/html', docsPage());
  page('/docs/start.js', 'text/javascript', docsScript());
  page('/docs/errors', 'text/html', errorsPage());
  router.use('/docs/assets', express.static(SWAGGER_UI, { index: false, redirect: false }));
  return router;
};
