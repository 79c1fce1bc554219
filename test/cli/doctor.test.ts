/** `dts doctor` against a server that says what the test wants to hear. */
import { answering, type Answering } from './answering';

let server: Answering;
beforeEach(async () => {
  server = await answering();
});
afterEach(() => server.close());

const check = (name: string, examples: readonly string[] = [], unknown: string | null = null) => ({
  check: name,
  title: `All ${name} agree`,
  count: examples.length === 0 ? 0 : 3,
  unknown,
  examples,
  repair: `mend the ${name}`,
});
const report = (...checks: ReturnType<typeof check>[]) => ({
  findings: checks.reduce((sum, { count }) => sum + count, 0),
  dags: 2,
  tookMs: 5_100,
  checks,
});
const ask = (body: object): void => void server.answers.set('GET /api/v1/doctor', { body });

test('health ends with 0', async () => {
  ask(report(check('rows'), check('claims', [], 'Redis is away')));
  expect(await server.dts('doctor')).toEqual({
    code: 0,
    out: 'ok All rows agree\n?  All claims agree: Redis is away\n2 live DAGs looked at twice in 5.1 s\n',
    err: '',
  });
});

test('findings end with 1, and nothing is done about them', async () => {
  ask(report(check('rows', ['DAG D is odd'])));
  expect(await server.dts('doctor')).toMatchObject({
    code: 1,
    out: '!! All rows agree: 3 findings\n     DAG D is odd\n     and 2 more\n   repair: mend the rows\n2 live DAGs looked at twice in 5.1 s\n',
  });
  expect(server.heard).toHaveLength(1);
  expect(JSON.parse((await server.dts('--json', 'doctor')).out)).toMatchObject({ findings: 3 });
});

test('a repair comes after what it will do was shown, and is followed by another look', async () => {
  const sick = report(check('rows', ['DAG D is odd']), check('claims'));
  ask(sick);
  server.answers.set('POST /api/v1/doctor/repair', { body: { ...sick, repaired: { rows: 3, claims: 0 } } });
  const { code, out, err } = await server.dts('doctor', '--repair', '--check', 'rows');
  expect([code, err]).toEqual([1, 'repaired rows: 3\n']);
  expect(out.indexOf('repair: mend the rows')).toBeGreaterThan(0);
  expect(server.heard.map(({ line, body }) => [line, body])).toEqual([
    ['GET /api/v1/doctor', undefined],
    ['POST /api/v1/doctor/repair', { checks: ['rows'] }],
    ['GET /api/v1/doctor', undefined],
  ]);
  const json = await server.dts('--json', 'doctor', '--repair');
  expect(json.err).toMatch(/^!! All rows agree: 3 findings\n(.*\n)+ {3}repair: mend the rows\n(.*\n)+repaired rows: 3\n$/);
  expect(JSON.parse(json.out)).toMatchObject({ findings: 3 });
  server.heard.length = 0;
  await server.dts('doctor', '--repair', '--by', 'ann', '--reason', 'ticket 7');
  expect(server.heard[1]?.body).toEqual({ by: 'ann', reason: 'ticket 7' });
  ask(report(check('rows')));
  expect(await server.dts('doctor', '--repair')).toMatchObject({ code: 0 });
});
