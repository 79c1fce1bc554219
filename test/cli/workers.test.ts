/** `dts workers` against a server that says what the test wants to hear. */
import type { WorkerView } from '../../src/sdk';
import { answering, type Answering } from './answering';
import { at } from './views';

let server: Answering;
beforeEach(async () => {
  server = await answering();
});
afterEach(() => server.close());

const worker = (workerId: string, given: Partial<WorkerView> = {}): WorkerView => ({
  workerId,
  session: `${workerId}.s`,
  host: 'box',
  port: 8081,
  version: '1.2.3',
  region: 'eu',
  tags: ['gpu', 'big'],
  types: ['API_CALL'],
  slots: 4,
  perSlot: {},
  freeSlots: 2,
  held: 2,
  running: 2,
  state: 'ACTIVE',
  lastHeartbeatAt: at(-300),
  ...given,
});

test('the list', async () => {
  server.answers.set('GET /api/v1/workers', {
    body: [worker('w1'), worker('w2', { state: 'LOST', held: 0, lastHeartbeatAt: at(-61_000), tags: [] })],
  });
  const list = [
    'WORKER  STATE   HELD  SLOTS  HEARD         VERSION  REGION  HOST  TAGS',
    'w1      ACTIVE  2     4      300 ms ago    1.2.3    eu      box   gpu,big',
    'w2      LOST    0     4      1 m 01 s ago  1.2.3    eu      box   ',
    '',
  ].join('\n');
  expect(await server.dts('workers')).toEqual({ code: 0, out: list, err: '' });
  expect((await server.dts('workers', 'list')).out).toBe(list);
  expect(JSON.parse((await server.dts('--json', 'workers')).out)).toHaveLength(2);
  server.answers.set('GET /api/v1/workers', { body: [] });
  expect(await server.dts('workers')).toEqual({ code: 0, out: '', err: 'no worker is alive\n' });
});

test('one worker with what runs there', async () => {
  const tasks = [{ taskId: 'T', dagId: 'D', taskName: 'load', type: 'API_CALL', attempt: 2, startedAt: at(0) }];
  server.answers.set('GET /api/v1/workers/w 1', { body: { ...worker('w 1'), tasks } });
  expect((await server.dts('workers', 'show', 'w 1')).out).toBe(
    `w 1  ACTIVE  2 tasks on 4 slots, heard of 300 ms ago\nTASK  TYPE      ATTEMPT  STARTED                   NAME\nT     API_CALL  2        ${at(0)}  load\n`,
  );
});

test('drain, resume and remove say what is asked, by whom and why', async () => {
  for (const verb of ['drain', 'resume', 'remove'])
    server.answers.set(`POST /api/v1/workers/w1/${verb}`, { body: { worker: verb === 'remove' ? null : worker('w1', { state: 'DRAINING' }) } });
  expect((await server.dts('workers', 'drain', 'w1', '--stay', '--by', 'ada', '--reason', 'an update')).out).toBe(
    'w1  DRAINING  2 tasks on 4 slots, heard of 300 ms ago\n',
  );
  await server.dts('workers', 'resume', 'w1');
  expect((await server.dts('workers', 'remove', 'w1')).out).toBe('w1 is gone\n');
  expect(server.heard.map(({ line, body }) => [line, body])).toEqual([
    ['POST /api/v1/workers/w1/drain', { stay: true, by: 'ada', reason: 'an update' }],
    ['POST /api/v1/workers/w1/resume', {}],
    ['POST /api/v1/workers/w1/remove', {}],
  ]);
});

test('a worker that is not there, and one that is leaving', async () => {
  server.answers.set('POST /api/v1/workers/w1/resume', {
    status: 409,
    body: { title: 'The worker is leaving already', detail: 'worker w1: it was asked to leave' },
  });
  expect(await server.dts('workers', 'resume', 'w1')).toMatchObject({ code: 4, out: '' });
  expect(await server.dts('workers', 'drain', 'w2')).toMatchObject({ code: 3 });
});
