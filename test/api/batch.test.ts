/** Many submissions in one request: as an array, and as a stream of lines. */
import { request } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { DagBody } from './bodies';
import { until } from '../harness/until';
import { openWorld, type World } from './world';

let world: World;
beforeAll(async () => {
  world = await openWorld();
});
afterEach(() => {
  expect(world.unexpected).toEqual([]);
});

const dag = (dagName: string, type = 'API_CALL') => ({ dagName, tasks: [{ taskName: 'a', type, payload: { dagName } }] });

interface Result {
  readonly index: number;
  readonly status: number;
  readonly replayed?: boolean;
  readonly dag?: DagBody;
  readonly problem?: { readonly code: string; readonly errors?: readonly { readonly path: string }[] };
}
interface BatchBody {
  readonly accepted: number;
  readonly refused: number;
  readonly results: readonly Result[];
}
const post = async (body: string, headers: Record<string, string> = {}) => {
  const { status, body: answer } = await world.http
    .post('/api/v1/dags/batch')
    .set({ 'Content-Type': 'application/json', ...headers })
    .send(body);
  return { status, answer: answer as BatchBody };
};

describe('an array', () => {
  test('each submission is stored or refused by itself, as it would have been alone', async () => {
    const { dags } = await world.rows();
    const { status, answer } = await post(JSON.stringify([dag('one'), dag('two', 'NOTHING'), { dagName: 'three' }, dag('four')]));
    expect([status, answer.accepted, answer.refused]).toEqual([200, 2, 2]);
    expect(answer.results.map(({ index, status: one }) => [index, one])).toEqual([
      [0, 201],
      [1, 422],
      [2, 400],
      [3, 201],
    ]);
    expect(answer.results[1]!.problem).toMatchObject({ code: 'INVALID_DAG', errors: [{ path: 'tasks[0].type' }] });
    expect(answer.results[2]!.problem).toMatchObject({ code: 'WRONG_SHAPE' });
    expect((await world.rows()).dags).toBe(dags + 2);
    const { dagId } = answer.results[3]!.dag!;
    expect((await world.http.get(`/api/v1/dags/${dagId}`)).body).toEqual({ ...answer.results[3]!.dag, expectedEndAt: null });
    expect(world.admitted.map((each) => each.dagId)).toContain(dagId);
  });

  test('a repeated one with the same key answers the same DAGs', async () => {
    const body = JSON.stringify([dag('k1'), dag('k2')]);
    const first = await post(body, { 'Idempotency-Key': 'a batch' });
    const again = await post(body, { 'Idempotency-Key': 'a batch' });
    expect(again.answer.results.map(({ dag: one }) => one!.dagId)).toEqual(first.answer.results.map(({ dag: one }) => one!.dagId));
    expect(again.answer.results.map(({ replayed }) => replayed)).toEqual([true, true]);
    const other = await post(JSON.stringify([dag('k1'), dag('k3')]), { 'Idempotency-Key': 'a batch' });
    expect(other.answer.results.map(({ status }) => status)).toEqual([201, 422]);
  });

  test.each([
    ['no array', '{"dagName":"x"}', 400, 'WRONG_SHAPE'],
    ['an array that breaks off', '[{"dagName":"x","tasks":[{"taskName":"a","type":"API_CALL"}]},', 400, 'MALFORMED_JSON'],
    ['nothing', '', 400, 'WRONG_SHAPE'],
    ['more than 8 MB', `["${'x'.repeat(8_400_000)}"]`, 413, 'BODY_TOO_LARGE'],
  ])('%s stores nothing', async (_what, body, status, code) => {
    const before = await world.rows();
    expect(await post(body)).toMatchObject({ status, answer: { code } });
    expect(await world.rows()).toEqual(before);
  });

  test('an empty one is answered, another type is not', async () => {
    expect(await post('[]')).toEqual({ status: 200, answer: { accepted: 0, refused: 0, results: [] } });
    expect(await post('[]', { 'Content-Type': 'text/plain' })).toMatchObject({ status: 415, answer: { code: 'UNSUPPORTED_MEDIA_TYPE' } });
  });
});

describe('lines', () => {
  const lines = { 'Content-Type': 'application/x-ndjson' };

  test('each is answered while more come', async () => {
    const server = world.app.listen(0);
    try {
      const { port } = server.address() as AddressInfo;
      const asking = request({ port, method: 'POST', path: '/api/v1/dags/batch', headers: lines });
      const answering = new Promise<AsyncIterable<Buffer>>((resolve, reject) => asking.on('response', resolve).on('error', reject));
      // More than what is worked on at once, so that the first answers needn't wait for the end.
      const begun = Array.from({ length: 300 }, (_, i) => dag(`line ${i}`));
      asking.write(`${begun.map((each) => JSON.stringify(each)).join('\n')}\n`);
      let text = '';
      let asked = false;
      for await (const chunk of await answering) {
        text += chunk.toString('utf8');
        if (!asked) asking.end(`{"dagName":\n\n${JSON.stringify(dag('the last'))}`);
        asked = true;
      }
      const results = text
        .trim()
        .split('\n')
        .map((line) => JSON.parse(line) as Result);
      expect(results.map(({ index }) => index)).toEqual(Array.from({ length: 302 }, (_, i) => i));
      expect(results[299]!.dag!.dagName).toBe('line 299');
      expect(results[300]).toMatchObject({ status: 400, problem: { code: 'MALFORMED_JSON' } });
      expect(results[301]!.dag!.dagName).toBe('the last');
    } finally {
      server.close();
    }
  });

  test('of a client that goes away, what came whole is stored', async () => {
    const server = world.app.listen(0);
    try {
      const { dags } = await world.rows();
      const { port } = server.address() as AddressInfo;
      const asking = request({ port, method: 'POST', path: '/api/v1/dags/batch', headers: lines });
      asking.on('error', () => undefined);
      asking.write(`${JSON.stringify(dag('whole'))}\n${JSON.stringify(dag('half')).slice(0, -3)}`);
      await until(async () => (await world.rows()).dags === dags + 1, { what: 'the whole line to be stored' });
      asking.destroy();
      await new Promise((resolve) => server.close(resolve));
      expect((await world.rows()).dags).toBe(dags + 1);
    } finally {
      server.close();
    }
  });

  test('they come as they are', async () => {
    const answer = await world.http
      .post('/api/v1/dags/batch')
      .set({ ...lines, 'Content-Encoding': 'gzip' })
      .send('x');
    expect([answer.status, (answer.body as { code: string }).code]).toEqual([415, 'UNSUPPORTED_ENCODING']);
  });
});
