/** The paths of commands, history and dead letters, as OpenAPI describes them. */
import { limitPaths } from './openapiLimits';
import { LETTER_KINDS } from '../core/dag';
import { LETTER_STATES } from './query';
import {
  away,
  cursor,
  get,
  idempotencyKey,
  inPath,
  inQuery,
  json,
  limit,
  missing,
  problem,
  ref,
  sending,
  workerInPath,
  wrong,
  type Json,
} from './openapiWords';

const numberInPath = (name: string): Json => ({ name, in: 'path', required: true, schema: { type: 'string', pattern: '^\\d{1,18}$' } });

interface Commanding {
  readonly operationId: string;
  readonly summary: string;
  readonly body: string;
}

const refused = problem('It makes no sense in the present state: the detail says why, and what to do instead.');

/** A command: settled within 5 s as a rule. */
const command = (what: 'DAG' | 'task', { operationId, summary, body }: Commanding): Json =>
  sending({
    operationId,
    summary,
    tag: what === 'DAG' ? 'DAGs' : 'Tasks',
    parameters: [inPath(what === 'DAG' ? 'dagId' : 'taskId'), idempotencyKey],
    body,
    answers: {
      200: json(
        `Applied; \`affected\` tasks changed, none where it was so already. The ${what} is as it is then.`,
        ref(`${what === 'DAG' ? 'Dag' : 'Task'}CommandAnswer`),
      ),
      202: json(
        'Stored, and not applied yet: GET /api/v1/commands/{commandId} tells the outcome.',
        ref(`${what === 'DAG' ? 'Dag' : 'Task'}CommandAnswer`),
      ),
      404: missing(what),
      409: refused,
      422: problem('The Idempotency-Key came with another command, or what is asked for cannot be made.'),
    },
  });

const plain = 'CommandBody';

const dagCommands = (): Record<string, Json> => {
  const post = (path: string, commanding: Commanding): [string, Json] => [`/api/v1/dags/{dagId}/${path}`, { post: command('DAG', commanding) }];
  return Object.fromEntries([
    post('cancel', { operationId: 'cancelDag', summary: 'Cancel a DAG: what is queued never starts, what runs gets its signal', body: plain }),
    post('pause', { operationId: 'pauseDag', summary: 'Pause a DAG: what runs goes on, nothing else starts', body: plain }),
    post('resume', { operationId: 'resumeDag', summary: 'Resume a paused DAG', body: plain }),
    post('drain', { operationId: 'drainDag', summary: 'Drain a DAG: what runs goes on to its end, the rest is cancelled', body: plain }),
    post('retry', {
      operationId: 'retryDag',
      summary: 'Run failed or cancelled tasks again, with what was skipped because of them',
      body: 'RetryDagBody',
    }),
    post('rerun', { operationId: 'rerunDag', summary: 'Run a DAG again, from a task on or as a whole', body: 'RerunDagBody' }),
  ]);
};

const dagChanges = (): Record<string, Json> => ({
  '/api/v1/dags/{dagId}/tasks': {
    patch: command('DAG', {
      operationId: 'editDag',
      summary: 'Change what has not begun in a running DAG: add, replace and remove tasks',
      body: 'EditDagBody',
    }),
  },
  '/api/v1/dags/{dagId}': {
    delete: {
      operationId: 'deleteDag',
      summary: 'Delete a DAG that is over, with its tasks, results, history and dead letters',
      tags: ['DAGs'],
      parameters: [inPath('dagId')],
      responses: { 204: { description: 'It is gone.' }, 400: wrong, 404: missing('DAG'), 409: problem('It is still live.'), 503: away },
    },
  },
});

const taskCommands = (): Record<string, Json> => {
  const post = (path: string, commanding: Commanding): [string, Json] => [`/api/v1/tasks/{taskId}/${path}`, { post: command('task', commanding) }];
  return Object.fromEntries([
    post('cancel', { operationId: 'cancelTask', summary: 'Cancel a task: queued it never starts, running it gets its signal', body: plain }),
    post('retry', { operationId: 'retryTask', summary: 'Run a failed or cancelled task again', body: 'RetryTaskBody' }),
    post('rerun', { operationId: 'rerunTask', summary: 'Run a task that is over, and everything after it, again', body: plain }),
    post('skip', { operationId: 'skipTask', summary: 'Skip a task by hand', body: plain }),
    post('hold', { operationId: 'holdTask', summary: 'Hold a task back until it is released, or until a time', body: 'HoldTaskBody' }),
    post('release', { operationId: 'releaseTask', summary: 'Release a task that is held', body: plain }),
    post('approve', { operationId: 'approveTask', summary: 'Let a task start that waits for approval', body: plain }),
    post('mark', { operationId: 'markTask', summary: 'Mark a task as COMPLETED or FAILED by hand', body: 'MarkTaskBody' }),
  ]);
};

const historyPaths = (): Record<string, Json> => ({
  '/api/v1/dags/{dagId}/events': get({
    operationId: 'listEventsOfDag',
    summary: 'The history of a DAG, oldest first',
    tag: 'DAGs',
    parameters: [inPath('dagId'), limit, cursor],
    answers: { 200: json('A page; the header Link has the next one.', ref('HistoryEventPage')), 400: wrong, 404: missing('DAG'), 503: away },
  }),
  '/api/v1/dags/{dagId}/commands': get({
    operationId: 'listCommandsOfDag',
    summary: 'The commands on a DAG, oldest first',
    tag: 'DAGs',
    parameters: [inPath('dagId'), limit, cursor],
    answers: { 200: json('A page; the header Link has the next one.', ref('CommandPage')), 400: wrong, 404: missing('DAG'), 503: away },
  }),
  '/api/v1/commands/{commandId}': get({
    operationId: 'getCommand',
    summary: 'Get a command and its outcome',
    tag: 'DAGs',
    parameters: [numberInPath('commandId')],
    answers: { 200: json('The command.', ref('Command')), 400: wrong, 404: missing('command'), 503: away },
  }),
});

const letterFilters: readonly Json[] = [
  { ...inQuery('state', { type: 'array', items: { enum: LETTER_STATES } }, 'One or several.'), explode: true },
  { ...inQuery('kind', { type: 'array', items: { enum: LETTER_KINDS } }, 'One or several classes of failure.'), explode: true },
  inQuery('type', { type: 'string', maxLength: 512 }, 'The type of the task.'),
  inQuery('dagId', { type: 'string', format: 'uuid' }, 'The DAG.'),
  inQuery('dagName', { type: 'string', maxLength: 512 }, 'The exact name, or its beginning followed by *.'),
  inQuery('taskName', { type: 'string', maxLength: 512 }, 'The exact name, or its beginning followed by *.'),
  inQuery('failedAfter', { type: 'string', format: 'date-time' }, 'Failed at this time or later.'),
  inQuery('failedBefore', { type: 'string', format: 'date-time' }, 'Failed before this time.'),
];

const letterReadings = (): Record<string, Json> => ({
  '/api/v1/dead-letters': get({
    operationId: 'listDeadLetters',
    summary: 'List tasks that gave up and records that cannot be decoded, newest first',
    tag: 'Dead letters',
    parameters: [...letterFilters, limit, cursor],
    answers: { 200: json('A page; the header Link has the next one.', ref('DeadLetterPage')), 400: wrong, 503: away },
  }),
  '/api/v1/dead-letters/{letterId}': get({
    operationId: 'getDeadLetter',
    summary: 'Get a dead letter with its payload and every attempt that failed',
    tag: 'Dead letters',
    parameters: [numberInPath('letterId')],
    answers: { 200: json('The dead letter.', ref('DeadLetterDetail')), 400: wrong, 404: missing('dead letter'), 503: away },
  }),
});

const letterChanges = (): Record<string, Json> => ({
  '/api/v1/dead-letters/{letterId}/replay': {
    post: sending({
      operationId: 'replayDeadLetter',
      summary: 'Run the task of a dead letter again, and what was skipped because of it',
      tag: 'Dead letters',
      parameters: [numberInPath('letterId'), idempotencyKey],
      body: 'ReplayBody',
      answers: {
        200: json('Applied; nothing is affected where it was replayed before.', ref('LetterCommandAnswer')),
        202: json('Stored, and not applied yet.', ref('LetterCommandAnswer')),
        404: missing('dead letter'),
        409: refused,
        422: problem('The Idempotency-Key came with another command.'),
      },
    }),
  },
  '/api/v1/dead-letters/{letterId}/discard': {
    post: sending({
      operationId: 'discardDeadLetter',
      summary: 'Close a dead letter without running its task again',
      tag: 'Dead letters',
      parameters: [numberInPath('letterId')],
      body: plain,
      answers: { 200: json('It is closed.', ref('LetterAnswer')), 404: missing('dead letter'), 409: problem('It was replayed.') },
    }),
  },
  '/api/v1/dead-letters/replay': {
    post: sending({
      operationId: 'replayDeadLetters',
      summary: 'Run the tasks of all open dead letters that fit a filter again, so many a second',
      tag: 'Dead letters',
      parameters: [idempotencyKey],
      body: 'BulkReplayBody',
      answers: { 202: json('Stored; they start one after the other.', ref('BulkReplay')) },
    }),
  },
  '/api/v1/dead-letters/discard': {
    post: sending({
      operationId: 'discardDeadLetters',
      summary: 'Close all open dead letters that fit a filter',
      tag: 'Dead letters',
      body: 'BulkDiscardBody',
      answers: { 200: json('They are closed.', ref('BulkDiscard')) },
    }),
  },
});

const gateChange = (operationId: string, summary: string, body: string): Json => ({
  post: sending({
    operationId,
    summary,
    tag: 'Operation',
    body,
    answers: {
      200: json('It is so; `changed` is false where it was so already.', ref('GateAnswer')),
      404: missing('task type'),
      409: refused,
    },
  }),
});

const gatePaths = (): Record<string, Json> => ({
  '/api/v1/gates': get({
    operationId: 'listGates',
    summary: 'List what is paused or in quarantine',
    tag: 'Operation',
    answers: { 200: json('All of it.', { type: 'array', items: ref('Gate') }), 400: wrong, 503: away },
  }),
  '/api/v1/gates/pause': gateChange('pauseGate', 'Pause everything, a task type or a pool: what runs goes on, nothing else starts', 'PauseGateBody'),
  '/api/v1/gates/resume': gateChange('resumeGate', 'Resume what is paused, or let a task type out of its quarantine', 'ResumeGateBody'),
});

const onWorker = (operationId: string, summary: string, body = plain): Json => ({
  post: sending({
    operationId,
    summary,
    tag: 'Operation',
    parameters: [workerInPath],
    body,
    answers: {
      200: json('It hears of it with its next heartbeat.', ref('WorkerAnswer')),
      404: missing('worker'),
      409: problem('It is leaving already.'),
    },
  }),
});

const workerCommands = (): Record<string, Json> => ({
  '/api/v1/workers/{workerId}/drain': onWorker('drainWorker', 'Let a worker finish what it has, and leave or stay', 'DrainWorkerBody'),
  '/api/v1/workers/{workerId}/resume': onWorker('resumeWorker', 'Let a worker that was drained to stay take work again'),
  '/api/v1/workers/{workerId}/remove': onWorker('removeWorker', 'End a worker at once, its tasks run elsewhere; forget a lost one'),
});

const doctorCommands = (): Record<string, Json> => ({
  '/api/v1/doctor/repair': {
    post: sending({
      operationId: 'repair',
      summary: 'Audit, and do something about what is found',
      tag: 'Operation',
      body: 'RepairBody',
      answers: { 200: json('What was found, and about how much of it something was done.', ref('DoctorRepair')) },
    }),
  },
});

/** All paths of this file. */
export const controls = (): Readonly<Record<string, Json>> => ({
  ...dagCommands(),
  ...dagChanges(),
  ...taskCommands(),
  ...historyPaths(),
  ...letterReadings(),
  ...letterChanges(),
  ...gatePaths(),
  ...limitPaths(),
  ...workerCommands(),
  ...doctorCommands(),
});
