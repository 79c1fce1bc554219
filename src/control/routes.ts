/** The paths that change what exists: commands on DAGs and tasks, dead letters, deletion. */
import { Router, type Request, type Response } from 'express';
import type { Gate } from '../core/gates';
import type { DagId, TaskRef } from '../core/ids';
import type { Limit } from '../core/limits';
import type { Subscription } from '../core/notices';
import { parseTaskId } from '../core/ids';
import { refusal } from '../core/refusal';
import { commandBody, gone, jsonOf, jsonOrNothing, keyOf, param, rawBody, sendJson } from '../edge/requests';
import type { FiringView, ScheduleView } from '../ports/schedules';
import type { DeadLetterView, DeadLetterViews } from '../ports/letters';
import type { DeliveryView } from '../ports/notices';
import type { DagView, DagViews, TaskView, TaskViews } from '../ports/views';
import { createReadBody, type Bodies } from './bodies';
import { PLAIN_DAG_COMMANDS, PLAIN_TASK_COMMANDS, type Asking, type Control } from './commands';
import type { GateControl } from './gates';
import type { LimitControl } from './limits';
import type { Letters } from './letters';
import type { Requested } from './requester';
import type { ControlBody } from './schemas';
import type { ScheduleControl } from './schedules';
import type { Subscribed, SubscriptionControl } from './subscriptions';
import type { WorkerCommands } from './workers';

export interface ControlRoutesNeeds {
  readonly control: Control;
  readonly letters: Letters;
  readonly gates: GateControl;
  readonly limits: LimitControl;
  readonly views: Pick<DagViews, 'dag'> & Pick<TaskViews, 'task'> & Pick<DeadLetterViews, 'letter'>;
  /** Of a body, after it was unpacked. */
  readonly bodyBytes: number;
  /** JSON texts, as every other answer shows them. */
  readonly present: {
    dag(dag: DagView): string;
    task(task: TaskView): string;
    letter(letter: DeadLetterView): string;
    gate(gate: Gate): string;
    limit(limit: Limit): Promise<string>;
  };
}

const askingOf = (request: Request, response: Response): Asking => ({ key: keyOf(request), signal: gone(response) });

/** 200 once it is applied, 202 while it waits; `subject` is a member with what the command was about, as it is now. */
const sendOutcome = (response: Response, { id, repeated, outcome }: Requested, subject: string): void => {
  if (repeated) response.set('Idempotency-Replayed', 'true');
  response.set('Location', `/api/v1/commands/${id}`);
  const facts = JSON.stringify({ commandId: id, outcome: outcome?.outcome ?? null, affected: outcome?.affected ?? 0 });
  sendJson(response, `${facts.slice(0, -1)},${subject}}`, outcome === undefined ? 202 : 200);
};

type Ask<N extends ControlBody> = (id: string, body: Bodies[N], asking: Asking) => Promise<Requested>;

interface Tools extends Pick<ControlRoutesNeeds, 'views' | 'present' | 'bodyBytes'> {
  readonly router: Router;
  readonly read: ReturnType<typeof createReadBody>;
}

const dagMember = async ({ views, present }: Tools, dag: DagId): Promise<string> => {
  const view = await views.dag(dag);
  return `"dag":${view === undefined ? 'null' : present.dag(view)}`;
};

const taskMember = async ({ views, present }: Tools, task: TaskRef): Promise<string> => {
  const view = await views.task(task);
  return `"task":${view === undefined ? 'null' : present.task(view)}`;
};

/** A command on the DAG of the path. */
const onDag = <N extends ControlBody>(tools: Tools, method: 'post' | 'patch', path: string, [name, ask]: readonly [N, Ask<N>]): void => {
  const { router, read, bodyBytes } = tools;
  router[method](`/api/v1/dags/:dagId/${path}`, jsonOrNothing, commandBody(bodyBytes), async (request, response) => {
    const dagId = param(request, 'dagId');
    const requested = await ask(dagId, read(name, jsonOf(request)), askingOf(request, response));
    sendOutcome(response, requested, await dagMember(tools, dagId.toLowerCase() as DagId));
  });
};

/** A command on the task of the path. */
const onTask = <N extends ControlBody>(tools: Tools, path: string, [name, ask]: readonly [N, Ask<N>]): void => {
  const { router, read, bodyBytes } = tools;
  router.post(`/api/v1/tasks/:taskId/${path}`, jsonOrNothing, commandBody(bodyBytes), async (request, response) => {
    const taskId = param(request, 'taskId');
    const requested = await ask(taskId, read(name, jsonOf(request)), askingOf(request, response));
    sendOutcome(response, requested, await taskMember(tools, parseTaskId(taskId)!));
  });
};

const dagCommands = (tools: Tools, control: Control): void => {
  for (const kind of PLAIN_DAG_COMMANDS) onDag(tools, 'post', kind, ['CommandBody', (id, body, asking) => control.onDag(kind, id, body, asking)]);
  onDag(tools, 'post', 'retry', ['RetryDagBody', control.retryDag]);
  onDag(tools, 'post', 'rerun', ['RerunDagBody', control.rerunDag]);
  onDag(tools, 'patch', 'tasks', ['EditDagBody', control.editDag]);
  tools.router.delete('/api/v1/dags/:dagId', async (request, response) => {
    await control.deleteDag(param(request, 'dagId'));
    response.status(204).end();
  });
};

const taskCommands = (tools: Tools, control: Control): void => {
  for (const kind of PLAIN_TASK_COMMANDS) onTask(tools, kind, ['CommandBody', (id, body, asking) => control.onTask(kind, id, body, asking)]);
  onTask(tools, 'retry', ['RetryTaskBody', control.retryTask]);
  onTask(tools, 'hold', ['HoldTaskBody', control.holdTask]);
  onTask(tools, 'mark', ['MarkTaskBody', control.markTask]);
};

const letterMember = async ({ views, present }: Tools, id: string): Promise<string> => {
  const letter = await views.letter(id);
  if (letter === undefined) throw refusal('LETTER_NOT_FOUND', `no dead letter ${id}`);
  return `"letter":${present.letter(letter)}`;
};

const letterCommands = (tools: Tools, letters: Letters): void => {
  const { router, read, bodyBytes } = tools;
  const body = [jsonOrNothing, commandBody(bodyBytes)];
  router.post('/api/v1/dead-letters/replay', body, async (request: Request, response: Response) => {
    const { lastAt, ...counts } = await letters.replayAll(read('BulkReplayBody', jsonOf(request)), keyOf(request));
    sendJson(response, JSON.stringify({ ...counts, lastAt: lastAt === null ? null : new Date(lastAt).toISOString() }), 202);
  });
  router.post('/api/v1/dead-letters/discard', body, async (request: Request, response: Response) => {
    sendJson(response, JSON.stringify(await letters.discardAll(read('BulkDiscardBody', jsonOf(request)))));
  });
  router.post('/api/v1/dead-letters/:letterId/replay', body, async (request: Request, response: Response) => {
    const id = param(request, 'letterId');
    const requested = await letters.replay(id, read('ReplayBody', jsonOf(request)), askingOf(request, response));
    const letter = await letterMember(tools, id);
    if (requested === undefined) sendJson(response, `{"commandId":null,"outcome":"APPLIED","affected":0,${letter}}`);
    else sendOutcome(response, requested, letter);
  });
  router.post('/api/v1/dead-letters/:letterId/discard', body, async (request: Request, response: Response) => {
    const id = param(request, 'letterId');
    await letters.discard(id, read('CommandBody', jsonOf(request)));
    sendJson(response, `{${await letterMember(tools, id)}}`);
  });
};

const gateCommands = (tools: Tools, gates: GateControl): void => {
  const { router, read, bodyBytes, present } = tools;
  const body = [jsonOrNothing, commandBody(bodyBytes)];
  const send = (response: Response, { changed, gate }: Awaited<ReturnType<GateControl['pause']>>): void => {
    sendJson(response, `{"changed":${String(changed)},"gate":${gate === null ? 'null' : present.gate(gate)}}`);
  };
  router.post('/api/v1/gates/pause', body, async (request: Request, response: Response) => {
    send(response, await gates.pause(read('PauseGateBody', jsonOf(request))));
  });
  router.post('/api/v1/gates/resume', body, async (request: Request, response: Response) => {
    send(response, await gates.resume(read('ResumeGateBody', jsonOf(request))));
  });
};

const limitCommands = ({ router, read, bodyBytes, present }: Tools, limits: LimitControl): void => {
  const path = '/api/v1/limits/:scope/:name';
  router.put(path, jsonOrNothing, commandBody(bodyBytes), async (request, response) => {
    const { changed, limit } = await limits.set(param(request, 'scope'), param(request, 'name'), read('LimitBody', jsonOf(request)));
    sendJson(response, `{"changed":${String(changed)},"limit":${await present.limit(limit)}}`);
  });
  router.delete(path, async (request, response) => {
    await limits.remove(param(request, 'scope'), param(request, 'name'));
    response.status(204).end();
  });
};

/** All paths that take commands. */
export const controlRoutes = ({ control, letters, gates, limits, ...needs }: ControlRoutesNeeds): Router => {
  const router = Router();
  const tools: Tools = { ...needs, router, read: createReadBody() };
  dagCommands(tools, control);
  taskCommands(tools, control);
  letterCommands(tools, letters);
  gateCommands(tools, gates);
  limitCommands(tools, limits);
  return router;
};

export interface WorkerCommandRoutesNeeds {
  readonly commands: WorkerCommands;
  readonly bodyBytes: number;
  /** JSON text of a worker as it is now; undefined where it has gone. */
  readonly present: (workerId: string) => Promise<string | undefined>;
}

export interface SubscriptionRoutesNeeds {
  readonly control: SubscriptionControl;
  readonly bodyBytes: number;
  /** JSON texts, as every other answer shows them. */
  readonly present: { subscription(subscription: Subscription): string; delivery(delivery: DeliveryView): string };
}

/** The paths that change subscriptions, and that have something sent. */
export const subscriptionRoutes = ({ control, bodyBytes, present }: SubscriptionRoutesNeeds): Router => {
  const router = Router();
  const read = createReadBody();
  const body = [jsonOrNothing, commandBody(bodyBytes)];
  const path = '/api/v1/subscriptions/:subscriptionId';
  const id = (request: Request): string => param(request, 'subscriptionId');
  const sendSecret = (response: Response, { subscription, secret }: Subscribed, status: number): void => {
    sendJson(response, `{"subscription":${present.subscription(subscription)},"secret":${JSON.stringify(secret)}}`, status);
  };
  router.post('/api/v1/subscriptions', body, async (request: Request, response: Response) => {
    const added = await control.add(read('SubscriptionBody', jsonOf(request)));
    response.set('Location', `/api/v1/subscriptions/${added.subscription.id}`);
    sendSecret(response, added, 201);
  });
  router.patch(path, body, async (request: Request, response: Response) => {
    sendJson(response, present.subscription(await control.change(id(request), read('SubscriptionChangeBody', jsonOf(request)))));
  });
  router.delete(path, async (request, response) => {
    await control.remove(id(request));
    response.status(204).end();
  });
  router.post(`${path}/secret`, body, async (request: Request, response: Response) => {
    sendSecret(response, await control.newSecret(id(request), read('CommandBody', jsonOf(request))), 200);
  });
  router.post(`${path}/test`, jsonOrNothing, async (request, response) => {
    sendJson(response, present.delivery(await control.test(id(request))), 202);
  });
  router.post(`${path}/deliveries/:deliveryId/redeliver`, jsonOrNothing, async (request, response) => {
    sendJson(response, present.delivery(await control.redeliver(id(request), param(request, 'deliveryId'))), 202);
  });
  return router;
};

/** The paths that ask something of a worker, which hears of it with its next heartbeat. */
export const workerCommandRoutes = ({ commands, bodyBytes, present }: WorkerCommandRoutesNeeds): Router => {
  const router = Router();
  const read = createReadBody();
  const on = <N extends ControlBody>(verb: string, name: N, ask: (workerId: string, body: Bodies[N]) => Promise<unknown>): void => {
    router.post(`/api/v1/workers/:workerId/${verb}`, jsonOrNothing, commandBody(bodyBytes), async (request, response) => {
      const workerId = param(request, 'workerId');
      await ask(workerId, read(name, jsonOf(request)));
      sendJson(response, `{"worker":${(await present(workerId)) ?? 'null'}}`);
    });
  };
  on('drain', 'DrainWorkerBody', commands.drain);
  on('resume', 'CommandBody', commands.resume);
  on('remove', 'CommandBody', commands.remove);
  return router;
};

export interface ScheduleCommandRoutesNeeds {
  readonly control: ScheduleControl;
  readonly bodyBytes: number;
  /** JSON texts. */
  readonly present: { schedule(schedule: ScheduleView): string; firing(firing: FiringView): string };
}

/** A schedule holds a DAG; 100,000 tasks are some 10 MB, and take a tenth of a second to parse. */
const SCHEDULE_BYTES = 16_777_216;

/** The paths that make, change, fire and remove schedules. */
export const scheduleCommandRoutes = ({ control, bodyBytes, present }: ScheduleCommandRoutesNeeds): Router => {
  const router = Router();
  const read = createReadBody();
  const body = [jsonOrNothing, rawBody(Math.min(bodyBytes, SCHEDULE_BYTES))];
  const path = '/api/v1/schedules';
  const idOf = (request: Request): string => param(request, 'scheduleId');
  router.post(path, body, async (request: Request, response: Response) => {
    const schedule = await control.create(read('ScheduleBody', jsonOf(request)));
    response.set('Location', `${path}/${schedule.scheduleId}`);
    sendJson(response, present.schedule(schedule), 201);
  });
  router.patch(`${path}/:scheduleId`, body, async (request: Request, response: Response) => {
    sendJson(response, present.schedule(await control.change(idOf(request), read('SchedulePatchBody', jsonOf(request)))));
  });
  router.delete(`${path}/:scheduleId`, async (request, response) => {
    await control.remove(idOf(request));
    response.status(204).end();
  });
  for (const verb of ['pause', 'resume'] as const)
    router.post(`${path}/:scheduleId/${verb}`, body, async (request: Request, response: Response) => {
      sendJson(response, present.schedule(await control[verb](idOf(request), read('CommandBody', jsonOf(request)))));
    });
  router.post(`${path}/:scheduleId/trigger`, body, async (request: Request, response: Response) => {
    const firing = await control.trigger(idOf(request), read('CommandBody', jsonOf(request)), keyOf(request));
    sendJson(response, present.firing(firing), firing.state === 'DUE' ? 202 : 200);
  });
  return router;
};
