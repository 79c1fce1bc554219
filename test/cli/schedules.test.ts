/** `dts schedules` against a server that says what the test wants to hear. */
import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { tmpdir } from 'node:os';
import { answering, type Answering } from './answering';

let server: Answering;
beforeEach(async () => {
  server = await answering();
});
afterEach(() => server.close());
const dts: Answering['dts'] = (...args) => server.dts(...args);

const schedule = {
  ...{ scheduleId: 's-1', name: 'nightly', cron: '0 3 * * *', timeZone: 'Europe/Berlin', dagName: 'import', state: 'ACTIVE' },
  ...{ overlap: 'skip', catchUp: 'all', catchUpLimit: 3, jitterSeconds: 30, note: 'ask ada', by: null, reason: null },
  ...{ createdAt: '2026-01-30T12:00:00.000Z', updatedAt: '2026-01-30T12:00:00.000Z', nextFireAt: '2026-02-01T02:00:00.000Z' },
  ...{ lastFireAt: '2026-01-31T02:00:00.000Z', lastDagId: 'd-1', lastDagStatus: 'FAILED' },
};
const firing = {
  ...{ fireTime: '2026-01-31T02:00:00.000Z', cause: 'CLOCK', state: 'SUBMITTED', dagId: 'd-1', dagStatus: 'FAILED', reason: null, by: null },
  ...{ dueAt: '2026-01-31T02:00:10.000Z', settledAt: '2026-01-31T02:00:10.500Z' },
};

test('schedules are listed with their times in their own zones', async () => {
  server.answers.set('GET /api/v1/schedules?limit=50', {
    body: { items: [schedule, { ...schedule, state: 'PAUSED', nextFireAt: null }], nextCursor: 'x' },
  });
  const { out, err } = await dts('schedules');
  expect(out.split('\n').map((line) => line.split(/ {2,}/))).toEqual([
    ['ID', 'NAME', 'STATE', 'CRON', 'TIME ZONE', 'NEXT', 'LAST', 'ENDED'],
    ['s-1', 'nightly', 'ACTIVE', '0 3 * * *', 'Europe/Berlin', '2026-02-01 03:00', '2026-01-31 03:00', 'FAILED'],
    ['s-1', 'nightly', 'PAUSED', '0 3 * * *', 'Europe/Berlin', '-', '2026-01-31 03:00', 'FAILED'],
    [''],
  ]);
  expect(err).toBe('there are more: --cursor x\n');
  server.answers.set('GET /api/v1/schedules?limit=50', { body: { items: [], nextCursor: null } });
  expect((await dts('schedules', 'list')).err).toBe('nothing is scheduled\n');
});

test('one is made of a file, named after its DAG where nothing else is said', async () => {
  const file = path.join(tmpdir(), `schedule-${String(process.pid)}.yaml`);
  writeFileSync(file, 'dagName: import\ntasks: []\n');
  server.answers.set('POST /api/v1/schedules', { status: 201, body: schedule });
  const made = await dts(
    'schedules',
    'create',
    file,
    '--cron',
    '0 3 * * *',
    '--time-zone',
    'Europe/Berlin',
    '--overlap',
    'skip',
    '--catch-up-limit',
    '3',
  );
  expect(made).toEqual({ code: 0, out: 's-1  nightly: next at 2026-02-01 03:00 (Europe/Berlin)\n', err: '' });
  expect(server.heard[0]!.body).toEqual({
    ...{ name: 'import', cron: '0 3 * * *', timeZone: 'Europe/Berlin', overlap: 'skip', catchUpLimit: 3, dag: { dagName: 'import', tasks: [] } },
  });
  expect((await dts('schedules', 'create', file)).code).toBe(2);
  expect((await dts('schedules', 'create', file, '--cron', '@daily', '--overlap', 'perhaps')).code).toBe(2);
});

test('one is shown, paused, resumed, fired and removed', async () => {
  server.answers.set('GET /api/v1/schedules/s-1', { body: { ...schedule, nextFireTimes: [schedule.nextFireAt], firings: [firing], dag: {} } });
  expect((await dts('schedules', 'show', 's-1')).out.split('\n')).toEqual([
    's-1  nightly: next at 2026-02-01 03:00 (Europe/Berlin)',
    '0 3 * * * in Europe/Berlin submits import',
    'a time that comes while one of its DAGs is live is left out; times that were missed all fire, 3 at most',
    'it fires up to 30 s later than its times, always by the same delay',
    'ask ada',
    '',
    'NEXT',
    '2026-02-01 03:00',
    '',
    'TIME              FIRED         OUTCOME    DAG  ENDED',
    '2026-01-31 03:00  by the clock  SUBMITTED  d-1  FAILED',
    '',
  ]);
  server.answers.set('POST /api/v1/schedules/s-1/pause', { body: { ...schedule, state: 'PAUSED' } });
  server.answers.set('POST /api/v1/schedules/s-1/resume', { body: schedule });
  server.answers.set('POST /api/v1/schedules/s-1/trigger', { body: { ...firing, cause: 'HAND' } });
  server.answers.set('DELETE /api/v1/schedules/s-1', { status: 204, body: undefined });
  expect((await dts('schedules', 'pause', 's-1', '--by', 'ada', '--reason', 'moving')).out).toBe('s-1  nightly: paused\n');
  expect((await dts('schedules', 'resume', 's-1')).out).toBe('s-1  nightly: next at 2026-02-01 03:00 (Europe/Berlin)\n');
  expect((await dts('schedules', 'trigger', 's-1', '--idempotency-key', 'once')).out).toBe('2026-01-31 02:00  by hand  SUBMITTED  d-1  FAILED\n');
  expect((await dts('schedules', 'remove', 's-1')).out).toBe('s-1 is removed\n');
  expect(server.heard.slice(1).map(({ body, key }) => [body, key])).toEqual([
    [{ by: 'ada', reason: 'moving' }, undefined],
    [{}, undefined],
    [{}, 'once'],
    [undefined, undefined],
  ]);
  expect((await dts('schedules', 'show', 'nothing')).code).not.toBe(0);
});
