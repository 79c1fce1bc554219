/** The paths of DAGs, tasks and operation that only read, as OpenAPI describes them. */
import { DAG_STATUSES, TASK_STATUSES } from '../core/dag';
import { away, cursor, get, inPath, inQuery, json, limit, missing, ref, workerInPath, wrong, type Json } from './openapiWords';
import { livePaths } from './openapiLive';
import { logPaths } from './openapiLogs';
import { notificationPaths } from './openapiNotifications';
import { scalingPaths } from './openapiScaling';
import { list } from './openapiShapes';
import { MAX_WAIT_SECONDS } from './query';

const filters = (statuses: readonly string[]): Json[] => [
  { ...inQuery('status', { type: 'array', items: { enum: statuses } }, 'One or several.'), explode: true },
  inQuery('name', { type: 'string', maxLength: 512 }, 'The exact name, or its beginning followed by *.'),
  inQuery('tag', { type: 'string', maxLength: 512 }, 'A tag that it has.'),
  inQuery('createdAfter', { type: 'string', format: 'date-time' }, 'Created at this time or later.'),
  inQuery('createdBefore', { type: 'string', format: 'date-time' }, 'Created before this time.'),
];

const dagPaths = (): Record<string, Json> => ({
  '/api/v1/dags': get({
    operationId: 'listDags',
    summary: 'List DAGs, newest first',
    tag: 'DAGs',
    parameters: [
      ...filters(DAG_STATUSES),
      inQuery('scheduleId', { type: 'string', format: 'uuid' }, 'The schedule that submitted it.'),
      limit,
      cursor,
    ],
    answers: { 200: json('A page; the header Link has the next one.', ref('DagPage')), 400: wrong, 503: away },
  }),
  '/api/v1/dags/{dagId}': get({
    operationId: 'getDag',
    summary: 'Get a DAG',
    tag: 'DAGs',
    parameters: [
      inPath('dagId'),
      inQuery('waitSeconds', { type: 'number', minimum: 0, maximum: MAX_WAIT_SECONDS }, 'Answer when it is final, or after this time.'),
    ],
    answers: { 200: json('The DAG.', ref('DagDetail')), 400: wrong, 404: missing('DAG'), 503: away },
  }),
  '/api/v1/dags/{dagId}/tasks': get({
    operationId: 'listTasksOfDag',
    summary: 'List the tasks of a DAG, in the order submitted',
    tag: 'DAGs',
    parameters: [
      inPath('dagId'),
      { ...limit, description: 'How many at most; all of them without limit and cursor.' },
      inQuery('cursor', { type: 'string' }, 'From the header Link of the page before.'),
    ],
    answers: { 200: json('The tasks.', { type: 'array', items: ref('Task') }), 400: wrong, 404: missing('DAG'), 503: away },
  }),
});

const taskPaths = (): Record<string, Json> => ({
  '/api/v1/tasks': get({
    operationId: 'listTasks',
    summary: 'List tasks of all DAGs, newest DAG first',
    tag: 'Tasks',
    parameters: [
      ...filters(TASK_STATUSES),
      inQuery('type', { type: 'string', maxLength: 512 }, 'Its type.'),
      inQuery('pool', { type: 'string', maxLength: 512 }, 'The pool that it is in.'),
      limit,
      cursor,
    ],
    answers: { 200: json('A page; the header Link has the next one.', ref('TaskPage')), 400: wrong, 503: away },
  }),
  '/api/v1/tasks/{taskId}': get({
    operationId: 'getTask',
    summary: 'Get a task',
    tag: 'Tasks',
    parameters: [inPath('taskId')],
    answers: {
      200: json('The task, with its attempts that failed (of the last 100) and its checkpoint.', ref('TaskDetail')),
      400: wrong,
      404: missing('task'),
      503: away,
    },
  }),
  '/api/v1/tasks/{taskId}/explain': get({
    operationId: 'explainTask',
    summary: "Why isn't this task running yet?",
    tag: 'Tasks',
    parameters: [inPath('taskId')],
    answers: { 200: json('Every condition that is unmet.', ref('Explanation')), 400: wrong, 404: missing('task'), 503: away },
  }),
});

const upOrDown: Json = { type: 'object', properties: { status: { enum: ['UP', 'DOWN'] } }, required: ['status'] };

const operationPaths = (): Record<string, Json> => ({
  '/api/v1/workers': get({
    operationId: 'listWorkers',
    summary: 'List the workers that live, and those that were lost in the last ten minutes',
    tag: 'Operation',
    answers: { 200: json('The workers.', { type: 'array', items: ref('Worker') }) },
  }),
  '/api/v1/workers/{workerId}': get({
    operationId: 'getWorker',
    summary: 'Get a worker with the tasks that run there',
    tag: 'Operation',
    parameters: [workerInPath],
    answers: { 200: json('The worker.', ref('WorkerDetail')), 404: missing('worker'), 503: away },
  }),
  '/api/v1/doctor': get({
    operationId: 'getDoctor',
    summary: 'Audit the invariants of the live system: what two looks some seconds apart find',
    tag: 'Operation',
    answers: { 200: json('Each check with its findings.', ref('DoctorReport')), 503: away },
  }),
  '/api/v1/health': get({
    operationId: 'getHealth',
    summary: 'The state of this process and of what it depends on',
    tag: 'Operation',
    answers: { 200: json('All that is needed is up.', ref('Health')), 503: json('Something needed is down.', ref('Health')) },
  }),
  '/livez': get({ operationId: 'livez', summary: 'Is the process alive?', tag: 'Operation', answers: { 200: json('It is.', upOrDown) } }),
  '/readyz': get({
    operationId: 'readyz',
    summary: 'Does the process do its work?',
    tag: 'Operation',
    answers: { 200: json('It does.', upOrDown), 503: json('Not yet, or not any more.', upOrDown) },
  }),
  '/api/v1/prometheus-targets': get({
    operationId: 'listPrometheusTargets',
    summary: 'Where the metrics of all live processes are, for http_sd of Prometheus',
    tag: 'Operation',
    answers: { 200: json('A target for each process.', list(ref('PrometheusTarget'))), 503: away },
  }),
  '/actuator/prometheus': get({
    operationId: 'getMetrics',
    summary: 'Metrics for Prometheus',
    tag: 'Operation',
    answers: { 200: { description: 'In the text format.', content: { 'text/plain': { schema: { type: 'string' } } } } },
  }),
});

/** All paths that only read. */
export const readings = (): Readonly<Record<string, Json>> => ({
  ...dagPaths(),
  ...taskPaths(),
  ...logPaths(),
  ...operationPaths(),
  ...scalingPaths(),
  ...notificationPaths(),
  ...livePaths(),
});
