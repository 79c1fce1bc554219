/** Schedules by the API, without a clock that fires them. */
import { until } from '../harness/until';
import { openWorld, type World } from './world';

let world: World;
beforeAll(async () => {
  world = await openWorld();
});
beforeEach(async () => {
  await world.database.engine.query('DELETE FROM schedules');
});

const dag = { dagName: 'nightly', tasks: [{ taskName: 'only', type: 'API_CALL' }] };
const body = { name: 'Nightly import', cron: '0 3 * * *', timeZone: 'Europe/Berlin', dag };
const PATH = '/api/v1/schedules';
const create = (over: object = {}) => world.http.post(PATH).send({ ...body, ...over });
const problemsIn = (answer: { body: { errors?: { path: string; message: string }[] } }): string[] =>
  (answer.body.errors ?? []).map(({ path, message }) => `${path}: ${message}`);

test('a schedule is made, listed, shown with what comes, changed and removed', async () => {
  const made = await create({ note: 'ask ada', by: 'ada' });
  expect([made.status, made.headers['location']]).toEqual([201, `${PATH}/${String(made.body.scheduleId)}`]);
  expect(made.body).toMatchObject({
    ...{ name: 'Nightly import', cron: '0 3 * * *', timeZone: 'Europe/Berlin', dagName: 'nightly', state: 'ACTIVE', note: 'ask ada', by: 'ada' },
    ...{ overlap: 'allow', catchUp: 'latest', catchUpLimit: 100, jitterSeconds: 0, lastFireAt: null, lastDagId: null, lastDagStatus: null },
  });
  const path = `${PATH}/${String(made.body.scheduleId)}`;
  const shown = (await world.http.get(path)).body;
  expect(shown).toMatchObject({ ...made.body, dag, firings: [] });
  expect(shown.nextFireTimes).toHaveLength(5);
  expect(shown.nextFireTimes[0]).toBe(made.body.nextFireAt);
  expect((await world.http.get(PATH)).body).toEqual({ items: [made.body], nextCursor: null });
  const changed = await world.http.patch(path).send({ name: 'Nightly', overlap: 'skip', jitterSeconds: 30, note: '', reason: 'shorter' });
  expect(changed.body).toMatchObject({ name: 'Nightly', overlap: 'skip', jitterSeconds: 30, note: null, by: null, reason: 'shorter' });
  expect(changed.body.nextFireAt).toBe(made.body.nextFireAt);
  const dags = await world.http.patch(path).send({ dag: { ...dag, dagName: 'other' }, cron: '@hourly' });
  expect([dags.body.dagName, dags.body.cron]).toEqual(['other', '@hourly']);
  expect(Date.parse(dags.body.nextFireAt as string) - Date.now()).toBeLessThan(3_600_001);
  expect((await world.http.delete(path)).status).toBe(204);
  for (const answer of [await world.http.get(path), await world.http.delete(path), await world.http.post(`${path}/trigger`)])
    expect([answer.status, answer.body.code]).toEqual([404, 'SCHEDULE_NOT_FOUND']);
});

test('a paused one has no next time, and begins anew from its resume', async () => {
  const { scheduleId } = (await create()).body;
  const paused = await world.http.post(`${PATH}/${String(scheduleId)}/pause`).send({ by: 'ada', reason: 'moving' });
  expect(paused.body).toMatchObject({ state: 'PAUSED', nextFireAt: null, by: 'ada', reason: 'moving' });
  expect((await world.http.get(`${PATH}/${String(scheduleId)}`)).body.nextFireTimes).toEqual([]);
  const resumed = await world.http.post(`${PATH}/${String(scheduleId)}/resume`);
  expect(resumed.body).toMatchObject({ state: 'ACTIVE', nextFireAt: expect.any(String) });
});

test('what is wrong is refused in words, all of it at once and each at its field', async () => {
  const answer = await create({ cron: '0 25 * * *', timeZone: 'Mars/Olympus', dag: { dagName: 'x', tasks: [{ taskName: 'a', type: 'API_CAL' }] } });
  expect([answer.status, answer.body.code]).toEqual([400, 'WRONG_SHAPE']);
  expect(problemsIn(answer)).toEqual([
    'cron: the hour has "25": it goes from 0 to 23',
    'timeZone: must be a time zone of the IANA database, like Europe/Berlin or UTC',
    expect.stringMatching(/^dag\.tasks\[0\]\.type: .*API_CALL/),
  ]);
  expect(problemsIn(await world.http.post(PATH).send({ name: '', cron: 5, colour: 'red', overlap: 'perhaps', catchUpLimit: 0 }))).toEqual(
    expect.arrayContaining([
      'dag: is missing',
      expect.stringMatching(/^colour: there is no such field/),
      expect.stringMatching(/^name: /),
      expect.stringMatching(/^cron: must be string/),
      expect.stringMatching(/^overlap: must be one of allow, skip/),
      expect.stringMatching(/^catchUpLimit: must be >= 1/),
    ]),
  );
  await create();
  const again = await create();
  expect([again.status, again.body.code]).toEqual([409, 'SCHEDULE_EXISTS']);
  const other = (await create({ name: 'other' })).body;
  const renamed = await world.http.patch(`${PATH}/${String(other.scheduleId)}`).send({ name: 'Nightly import' });
  expect([renamed.status, renamed.body.code]).toEqual([409, 'SCHEDULE_EXISTS']);
});

test('the times of an expression are shown before there is a schedule', async () => {
  const preview = (query: object) => world.http.get(`${PATH}/preview`).query(query);
  const { body: times } = await preview({ cron: '0 12 * * MON', timeZone: 'America/New_York', count: 2 });
  expect(times).toEqual({ cron: '0 12 * * MON', timeZone: 'America/New_York', nextFireTimes: [expect.any(String), expect.any(String)] });
  expect(Date.parse(times.nextFireTimes[1] as string) - Date.parse(times.nextFireTimes[0] as string)).toBeGreaterThan(6 * 86_400_000);
  const wrong = await preview({ cron: '0 12 * *', timeZone: 'Nowhere' });
  expect([wrong.status, problemsIn(wrong).map((text) => text.split(':')[0])]).toEqual([400, ['cron', 'timeZone']]);
  expect((await preview({})).body.detail).toBe('cron: is missing');
  expect((await preview({ cron: '* * * * *', zone: 'UTC' })).status).toBe(400);
});

test('the list goes page by page, by name', async () => {
  for (const name of ['c', 'a', 'b']) await create({ name });
  const names: string[] = [];
  let next = `${PATH}?limit=2`;
  while (next !== '') {
    const { body: page, headers } = await world.http.get(next);
    names.push(...(page.items as { name: string }[]).map(({ name }) => name));
    next = /<([^>]+)>/.exec(headers['link'] ?? '')?.[1] ?? '';
  }
  expect(names).toEqual(['a', 'b', 'c']);
  expect((await world.http.get(`${PATH}?cursor=x`)).status).toBe(400);
});

test('a trigger submits at once, once for each key, and its DAG says what it is for', async () => {
  const { scheduleId } = (await create({ paused: true, overlap: 'skip' })).body as { scheduleId: string };
  const trigger = (key: string) => world.http.post(`${PATH}/${scheduleId}/trigger`).set('Idempotency-Key', key).send({ by: 'ada' });
  const first = await trigger('one');
  expect([first.status, first.body]).toEqual([
    200,
    expect.objectContaining({ cause: 'HAND', state: 'SUBMITTED', dagStatus: 'CREATED', by: 'ada', dagId: expect.any(String) }),
  ]);
  expect((await trigger('one')).body).toEqual(first.body);
  // A hand is not kept back by the policy.
  const second = await trigger('two');
  expect(second.body.dagId).not.toBe(first.body.dagId);
  const { body: shown } = await world.http.get(`/api/v1/dags/${String(second.body.dagId)}`);
  expect(shown).toMatchObject({ dagName: 'nightly', scheduleId, scheduledFor: second.body.fireTime });
  const listed = await world.http.get('/api/v1/dags').query({ scheduleId });
  expect((listed.body.items as { dagId: string }[]).map(({ dagId }) => dagId)).toEqual([second.body.dagId, first.body.dagId]);
  expect((await world.http.get('/api/v1/dags').query({ scheduleId: 'x' })).status).toBe(400);
  const detail = (await world.http.get(`${PATH}/${scheduleId}`)).body;
  expect(detail).toMatchObject({ lastDagId: second.body.dagId, lastDagStatus: 'CREATED', firings: [second.body, first.body] });
  const page = (await world.http.get(`${PATH}/${scheduleId}/firings?limit=1`)).body;
  expect(page.items).toEqual([second.body]);
  expect((await world.http.get(`${PATH}/${scheduleId}/firings?limit=1&cursor=${String(page.nextCursor)}`)).body.items).toEqual([first.body]);
});

test('a submission that is refused says so, and one that must wait is noted', async () => {
  const { scheduleId } = (await create()).body as { scheduleId: string };
  await world.database.engine.query(`UPDATE schedules SET document = '{"dagName":"x","tasks":[]}'`);
  const refused = await world.http.post(`${PATH}/${scheduleId}/trigger`);
  expect(refused.body).toMatchObject({
    state: 'REFUSED',
    dagId: null,
    reason: expect.stringContaining('INVALID_DAG: a DAG needs at least one task'),
  });
  await world.http.patch(`${PATH}/${scheduleId}`).send({ dag });
  world.live.openTasks = 2_000_000;
  // What is open is counted once a second.
  const waiting = await until(
    async () => {
      const answer = await world.http.post(`${PATH}/${scheduleId}/trigger`);
      return answer.status === 202 ? (answer.body as object) : undefined;
    },
    { what: 'a trigger to be kept waiting', everyMs: 100 },
  );
  expect(waiting).toMatchObject({ state: 'DUE', dagId: null });
});
