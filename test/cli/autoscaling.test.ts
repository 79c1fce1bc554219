/** `dts autoscaling` against a server that says what the test wants to hear. */
import type { Autoscaling } from '../../src/sdk';
import { answering, type Answering } from './answering';
import { at } from './views';

let server: Answering;
beforeEach(async () => {
  server = await answering();
});
afterEach(() => server.close());

const shown = (given: Partial<Autoscaling> = {}): Autoscaling => ({
  settings: { enabled: true, dryRun: false, driver: 'local', min: 1, max: 8, targetWaitSeconds: 30, coolDownSeconds: 120 },
  current: {
    ...{ at: at(0), scheduler: 's1', before: 3, wanted: 3, direction: 'hold', reason: '9 tasks waiting', active: 2, draining: 1, starting: 1 },
    ...{ slots: 2, waiting: 9, running: 4, arrivalsPerSecond: 1, endsPerSecond: 1, serviceSeconds: 0.5 },
  },
  decisions: {
    items: [
      {
        ...{ scalingId: '2', at: at(1_000), scheduler: 's1', driver: 'local', dryRun: false, before: 1, wanted: 3, direction: 'out' },
        ...{ reason: 'more came', done: 'started auto-2, auto-3', error: null },
      },
      {
        ...{ scalingId: '1', at: at(0), scheduler: 's1', driver: 'kubernetes', dryRun: true, before: 0, wanted: 1, direction: 'out' },
        ...{ reason: 'at least 1', done: null, error: 'no' },
      },
    ],
    nextCursor: 'next',
  },
  ...given,
});

test('how many are wanted, who there is, and what was decided', async () => {
  server.answers.set('GET /api/v1/autoscaling?limit=20', { body: shown() });
  expect(await server.dts('autoscaling')).toEqual({
    code: 0,
    out: [
      'local, 1 to 8 workers: tasks begin within 30.0 s, workers leave after 2 m 00 s of less',
      '3 wanted, 2 at work, 1 starting, 1 leaving, says s1',
      '  9 tasks waiting',
      'AT                        WORKERS  DRIVER                DONE                    REASON',
      `${at(1_000)}  1 → 3    local                 started auto-2, auto-3  more came`,
      `${at(0)}  0 → 1    kubernetes (dry run)  failed: no              at least 1`,
      '',
    ].join('\n'),
    err: 'there are more: --cursor next\n',
  });
  server.answers.set('GET /api/v1/autoscaling?limit=2&cursor=next', { body: shown() });
  expect(JSON.parse((await server.dts('--json', 'autoscaling', '--limit', '2', '--cursor', 'next')).out)).toMatchObject({ current: { wanted: 3 } });
});

test('where it is off, and where nobody has looked yet', async () => {
  const { settings } = shown();
  const decisions = { items: [], nextCursor: null };
  server.answers.set('GET /api/v1/autoscaling?limit=20', { body: { settings: { ...settings, enabled: false }, current: null, decisions } });
  expect(await server.dts('autoscaling')).toEqual({ code: 0, out: '', err: 'autoscaling is off (autoscaling.enabled)\n' });
  server.answers.set('GET /api/v1/autoscaling?limit=20', { body: { settings, current: null, decisions } });
  expect((await server.dts('autoscaling')).err).toBe('no scheduler has looked yet\n');
});
