/** Names and reasons that try to pass for lines of ours: one value is one value, whatever is in it. */
import { answering, type Answering } from './answering';
import { at, dagView, taskView } from './views';

let server: Answering;
beforeEach(async () => {
  server = await answering();
});
afterEach(() => server.close());

const FORGED = 'ada\nD  COMPLETED\r\u2028\u202eegrof\x1b[32m\x9b1A\tend';
const SHOWN = 'ada D  COMPLETED   egrof [32m 1A end';

const dag = dagView({ dagName: FORGED });
const task = taskView(FORGED, [], { taskId: 'T' });
const worker = {
  ...{ workerId: FORGED, state: 'ACTIVE', held: 1, slots: 4, lastHeartbeatAt: at(0), version: FORGED, region: FORGED, host: FORGED, tags: [FORGED] },
  tasks: [{ taskId: 'T', type: 'API_CALL', attempt: 1, startedAt: at(0), taskName: FORGED }],
};
const schedule = {
  ...{ scheduleId: 's', name: FORGED, state: 'PAUSED', cron: '@daily', timeZone: 'UTC', nextFireAt: null, lastFireAt: null, lastDagStatus: null },
  ...{ dagName: FORGED, overlap: 'skip', catchUp: 'none', catchUpLimit: 1, jitterSeconds: 0, note: FORGED, nextFireTimes: [], firings: [] },
};
const event = { eventId: '1', at: at(0), kind: 'pause', taskId: 'T', taskName: FORGED, by: FORGED, message: FORGED };
const gate = { scope: 'type', name: 'X', state: 'PAUSED', probing: false, since: at(0), until: null, by: FORGED, reason: FORGED };
const letter = {
  ...{ letterId: '9', state: 'REPLAYED', kind: 'HANDLER', failedAt: at(0), dagId: 'D', dagName: FORGED, taskId: 'T', taskName: FORGED, type: 'X' },
  ...{ record: null, error: { kind: 'HANDLER', message: FORGED }, settledAt: at(0), settledBy: FORGED, task: null },
  attempts: [{ attempt: 1, workerId: FORGED, startedAt: at(0), endedAt: at(0), error: { kind: 'KILLED', message: 'x', evidence: { why: FORGED } } }],
};
const page = (item: object): object => ({ items: [item], nextCursor: null });
const commanded = { commandId: '7', outcome: 'APPLIED', affected: 1, task };
const explanation = {
  taskName: FORGED,
  status: 'PENDING',
  summary: '',
  conditions: [{ code: 'X', sentence: FORGED }],
  holder: { workerId: FORGED, since: at(0) },
};

test.each<readonly [string, number, Readonly<Record<string, unknown>>]>([
  ['events D', 2, { 'GET /api/v1/dags/D/events?limit=100': page(event) }],
  ['list', 2, { 'GET /api/v1/dags?limit=20': page(dag) }],
  ['status D', 3, { 'GET /api/v1/dags/D': dag, 'GET /api/v1/dags/D/tasks': [task, taskView('b', ['x', FORGED])] }],
  ['explain T', 3, { 'GET /api/v1/tasks/T/explain': explanation }],
  ['skip T', 2, { 'POST /api/v1/tasks/T/skip': commanded }],
  ['gates', 2, { 'GET /api/v1/gates': [gate] }],
  ['workers', 2, { 'GET /api/v1/workers': [worker] }],
  ['workers show w', 3, { 'GET /api/v1/workers/w': worker }],
  ['schedules', 2, { 'GET /api/v1/schedules?limit=50': page(schedule) }],
  ['schedules show s', 4, { 'GET /api/v1/schedules/s': schedule }],
  ['dlq list', 2, { 'GET /api/v1/dead-letters?state=OPEN&limit=50': page(letter) }],
  ['dlq show 9', 6, { 'GET /api/v1/dead-letters/9': letter }],
])('dts %s has %d lines', async (command, lines, answers) => {
  for (const [line, body] of Object.entries(answers)) server.answers.set(line, { body });
  const { code, out } = await server.dts(...command.split(' '));
  expect({ code, lines: out.trimEnd().split('\n').length }).toEqual({ code: 0, lines });
  expect(out).not.toMatch(/[^\n\P{Cc}]|[\p{Cf}\p{Zl}\p{Zp}]/u);
  expect(out).toMatch(command === 'list' || command.startsWith('dlq list') ? /ada D COMPLETED egrof/ : SHOWN);
});

test('what changes is told in one line each', async () => {
  server.answers.set('GET /api/v1/dags/D', { body: { ...dag, status: 'COMPLETED', completedAt: at(5) } });
  server.answers.set('GET /api/v1/dags/D/tasks', { body: [{ ...task, status: 'COMPLETED' }] });
  const { out } = await server.dts('watch', 'D');
  expect(out.trimEnd().split('\n')).toHaveLength(2);
  expect(out).toContain(SHOWN);
});

test('a refusal, too', async () => {
  server.answers.set('POST /api/v1/dags/D/pause', { status: 409, body: { title: 'no', code: 'COMMAND_REFUSED', detail: FORGED } });
  expect((await server.dts('pause', 'D')).err).toBe(`the server refused: no 409 COMMAND_REFUSED\n  ${SHOWN}\n`);
});
