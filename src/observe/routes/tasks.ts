/** The tasks, their logs, and their inputs. */
import { Router } from 'express';
import { refusal } from '../../core/refusal';
import { gone, param, sendJson } from '../../edge/requests';
import type { HistoryViews } from '../../ports/history';
import type { TaskLogViews } from '../../ports/taskLogs';
import type { WorkIndex } from '../../ports/store';
import type { TaskViews } from '../../ports/views';
import { createExplain, type ExplainNeeds } from '../explain';
import { listTasks } from '../lists';
import { taskDetailJson } from '../present';
import { logQueryOf, onlyKnown, taskRefIn } from '../query';
import { inputsJson } from '../inputs';
import { logPage, logText, type Followers } from '../taskLogs';
import { queryOf, sendPage, sendPieces } from './answers';

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
    const { views } = needs;
    const [task, attempts, checkpoint] = await Promise.all([views.task(ref), views.attempts(ref, ATTEMPTS_SHOWN), views.checkpoint(ref)]);
    if (task === undefined) throw refusal('TASK_NOT_FOUND', `no task ${param(request, 'taskId')}`);
    sendJson(response, taskDetailJson(task, attempts, checkpoint));
  });
  router.get('/api/v1/tasks/:taskId/explain', async (request, response) => {
    onlyKnown(queryOf(request), []);
    const explanation = await explain(taskRefIn(param(request, 'taskId')));
    if (explanation === undefined) throw refusal('TASK_NOT_FOUND', `no task ${param(request, 'taskId')}`);
    sendJson(response, JSON.stringify(explanation));
  });
  return router;
};

export interface LogRoutesNeeds {
  readonly views: TaskLogViews & Pick<TaskViews, 'task'>;
  readonly followers: Pick<Followers, 'follow'>;
}

const LOG_PARAMETERS = ['attempt', 'after', 'limit', 'search', 'follow', 'download', 'format'];
const LINES_AT_ONCE = 1000;

/** The logs of tasks: as pages, as text, and as a stream. */
export const logRoutes = ({ views, followers }: LogRoutesNeeds): Router => {
  const router = Router();
  router.get('/api/v1/tasks/:taskId/logs', async (request, response) => {
    onlyKnown(queryOf(request), LOG_PARAMETERS);
    const ref = taskRefIn(param(request, 'taskId'));
    const query = logQueryOf(queryOf(request), request.get('Last-Event-ID'));
    if ((await views.task(ref)) === undefined) throw refusal('TASK_NOT_FOUND', `no task ${param(request, 'taskId')}`);
    if (query.download) response.attachment(`${param(request, 'taskId')}.log`);
    const asText = query.format === 'text' || (query.format === undefined && (query.download || request.accepts('json', 'text') === 'text'));
    if (query.follow) await sendPieces(response, followers.follow(ref, query, gone(response)), 'text/event-stream');
    else if (asText) await sendPieces(response, logText(views, ref, { ...query, limit: LINES_AT_ONCE }), 'text/plain');
    else sendPage(request, response, await logPage(views, ref, query), 'after');
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
