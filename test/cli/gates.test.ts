/** `dts gates` against a server that says what the test wants to hear. */
import { answering, type Answering } from './answering';

let server: Answering;
beforeEach(async () => {
  server = await answering();
});
afterEach(() => server.close());
const dts: Answering['dts'] = (...args) => server.dts(...args);

const gate = {
  ...{ scope: 'type', name: 'API_CALL', state: 'PAUSED', probing: false, reason: 'the partner is down', by: 'ada' },
  ...{ since: '2026-01-31T12:00:00.000Z', until: null, endedAt: null, trips: 0 },
};
const everything = { ...gate, scope: 'all', name: null };

test('a type, a pool and everything are paused and resumed', async () => {
  server.answers.set('POST /api/v1/gates/pause', { body: { changed: true, gate } });
  server.answers.set('POST /api/v1/gates/resume', { body: { changed: true, gate: { ...everything, endedAt: gate.since } } });
  const until = '2026-02-01T00:00:00Z';
  expect(await dts('gates', 'pause', '--type', 'API_CALL', '--by', 'ada', '--reason', 'the partner is down', '--until', until)).toEqual({
    ...{ code: 0, out: 'type API_CALL is paused\n', err: '' },
  });
  await dts('gates', 'pause', '--pool', 'night');
  expect((await dts('gates', 'resume', '--all', '--by', 'ada')).out).toBe('everything is free again\n');
  await dts('gates', 'resume', '--type', 'API_CALL', '--quarantine');
  expect(server.heard.map(({ line, body }) => [line.split('/').at(-1), body])).toEqual([
    ['pause', { scope: 'type', name: 'API_CALL', by: 'ada', reason: 'the partner is down', until }],
    ['pause', { scope: 'pool', name: 'night' }],
    ['resume', { scope: 'all', by: 'ada' }],
    ['resume', { scope: 'type', name: 'API_CALL', state: 'QUARANTINED' }],
  ]);
});

test('what changes nothing says so', async () => {
  server.answers.set('POST /api/v1/gates/pause', { body: { changed: false, gate: { ...gate, until: '2026-02-01T00:00:00.000Z' } } });
  server.answers.set('POST /api/v1/gates/resume', { body: { changed: false, gate: null } });
  expect((await dts('gates', 'pause', '--type', 'API_CALL')).out).toBe('type API_CALL is paused until 2026-02-01T00:00:00.000Z, as it was\n');
  expect((await dts('gates', 'resume', '--all')).out).toBe('nothing was to be resumed\n');
  expect((await dts('--json', 'gates', 'resume', '--all')).out).toBe('{"changed":false,"gate":null}\n');
});

test('they are listed, as text and as JSON', async () => {
  server.answers.set('GET /api/v1/gates', { body: [everything, { ...gate, state: 'QUARANTINED', probing: true, by: null }] });
  const { out } = await dts('gates');
  expect(out.split('\n').map((line) => line.split(/ {2,}/))).toEqual([
    ['WHAT', 'STATE', 'SINCE', 'UNTIL', 'BY', 'REASON'],
    ['everything', 'PAUSED', gate.since, '-', 'ada', 'the partner is down'],
    ['type API_CALL', 'PROBING', gate.since, '-', '-', 'the partner is down'],
    [''],
  ]);
  expect(JSON.parse((await dts('gates', 'list', '--json')).out)).toHaveLength(2);
  server.answers.set('GET /api/v1/gates', { body: [] });
  expect((await dts('gates', 'list')).err).toBe('nothing is paused\n');
});

test('it must be said what', async () => {
  for (const args of [[], ['--all', '--type', 'X'], ['--type', 'X', '--pool', 'y']]) expect((await dts('gates', 'pause', ...args)).code).toBe(2);
  expect(server.heard).toEqual([]);
});
