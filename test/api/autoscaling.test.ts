/** What the API and the metrics show of the autoscaler. */
import { createScalingHistory } from '../../src/adapters/postgres/scalings';
import { failure } from '../../src/core/failure';
import { scaling } from '../contract/scalings';
import { AUTOSCALING, openWorld, type World } from './world';

let world: World;
beforeAll(async () => {
  world = await openWorld();
});
const show = (query = '') => world.http.get(`/api/v1/autoscaling${query}`);

test('before anybody has looked there are the settings', async () => {
  expect((await show()).body).toEqual({ settings: AUTOSCALING, current: null, decisions: { items: [], nextCursor: null } });
});

test('the last look, and the decisions in pages, newest first', async () => {
  const decision = { before: 1, wanted: 3, direction: 'out', reason: 'more waits' } as const;
  const figures = { waiting: 9, running: 2, arrivalsPerSecond: 1 / 3, endsPerSecond: 0, serviceSeconds: 2 / 3 };
  const at = Date.UTC(2026, 0, 1);
  await world.leases.board.judge({ ...decision, ...figures, at, scheduler: 's', active: 1, draining: 0, starting: 0, slots: 2 }, 60_000);
  const history = createScalingHistory(world.database);
  for (let before = 1; before <= 3; before++) await history.note(scaling({ before }));
  const first = await show('?limit=2');
  expect(first.body.current).toMatchObject({ at: '2026-01-01T00:00:00.000Z', wanted: 3, arrivalsPerSecond: 0.3333, serviceSeconds: 0.6667 });
  expect(first.body.decisions.items).toMatchObject([{ before: 3 }, { before: 2 }]);
  const next = /<(.*)>; rel="next"/.exec(first.headers['link'] as string)![1]!;
  expect((await world.http.get(next)).body.decisions).toMatchObject({ items: [{ before: 1, done: null, dryRun: false }], nextCursor: null });
  expect((await show('?cursor=x')).body).toMatchObject({ code: 'WRONG_PARAMETER' });
  expect((await show('?status=x')).status).toBe(400);
});

test('while Redis is away the decisions are shown all the same', async () => {
  const judgement = jest.spyOn(world.leases.board, 'judgement').mockRejectedValue(failure('LEASES_UNAVAILABLE', 'no answer'));
  const { body } = await show();
  expect([body.current, body.decisions.items.length]).toEqual([null, 3]);
  judgement.mockRestore();
});

test('only a process that leads says how many are wanted; decisions are counted', async () => {
  const series = async (): Promise<string[]> =>
    (await world.http.get('/actuator/prometheus')).text.split('\n').filter((line) => /^(workers_wanted|scaling_\w+)\b/.test(line));
  expect(await series()).toEqual([]);
  world.events.announce('scaling.judged', { wanted: 5, waiting: 9, running: 2, arrivalsPerSecond: 1.5, endsPerSecond: 1, serviceSeconds: null });
  const decided = {
    direction: 'out',
    driver: 'local',
    before: 1,
    wanted: 5,
    reason: '',
    cause: 'load',
    outcome: 'done',
    done: '',
    error: null,
  } as const;
  world.events.announce('scaling.decided', { ...decided, dryRun: true });
  expect(await series()).toEqual([
    'workers_wanted{by="load"} 5',
    'scaling_decisions_total{direction="out",cause="load",outcome="done",driver="local",dry_run="true"} 1',
    ...['waiting"} 9', 'running"} 2', 'arrivals_per_second"} 1.5', 'ends_per_second"} 1', 'service_seconds"} Nan'].map(
      (figure) => `scaling_load{figure="${figure}`,
    ),
  ]);
  world.events.announce('lead.changed', { fence: null });
  expect(await series()).toEqual(['scaling_decisions_total{direction="out",cause="load",outcome="done",driver="local",dry_run="true"} 1']);
});
