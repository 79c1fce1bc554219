/** Many submissions in one request: as an array, and as a stream of lines. */
import { once } from 'node:events';
import { request, type ClientRequest, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { DagBody } from './bodies';
import { until } from '../harness/until';
import { openWorld, type World } from './world';

let world: World;
beforeAll(async () => {
  world = await openWorld({ payloadBytes: 80_000 });
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

  test('one of more than 10,000 stores nothing, and what is refused of one keeps nobody waiting', async () => {
    const long = await world.http
      .post('/api/v1/dags/batch')
      .set('Content-Type', 'application/json')
      .send(`[${'0,'.repeat(10_000)}0]`);
    expect([long.status, long.body.code]).toEqual([413, 'BODY_TOO_LARGE']);
    let [turns, isOver] = [0, false];
    const look = (): void => {
      turns += 1;
      if (!isOver) setImmediate(look);
    };
    look();
    const { answer } = await post(`[${'0,'.repeat(9_999)}0]`);
    isOver = true;
    expect([answer.accepted, answer.refused]).toEqual([0, 10_000]);
    expect(turns).toBeGreaterThan(100);
  });

  test('an empty one is answered, another type is not', async () => {
    expect(await post('[]')).toEqual({ status: 200, answer: { accepted: 0, refused: 0, results: [] } });
    expect(await post('[]', { 'Content-Type': 'text/plain' })).toMatchObject({ status: 415, answer: { code: 'UNSUPPORTED_MEDIA_TYPE' } });
  });
});

describe('lines', () => {
  const lines = { 'Content-Type': 'application/x-ndjson' };

  /** A request whose lines are written as the test goes on. */
  const begin = (port: number) => {
    const asking = request({ port, method: 'POST', path: '/api/v1/dags/batch', headers: lines });
    const answer = new Promise<IncomingMessage>((resolve, reject) => asking.on('response', resolve).on('error', reject));
    return { asking, answer };
  };
  const served = async (work: (port: number) => Promise<void>): Promise<void> => {
    const server = world.app.listen(0);
    try {
      await work((server.address() as AddressInfo).port);
    } finally {
      server.close();
    }
  };
  /** Resolves when nothing of the request leaves any more; bytes that are left. */
  const stuck = async (asking: ClientRequest): Promise<number> => {
    let [left, since] = [Infinity, 0];
    await until(
      () => {
        if (asking.writableLength !== left) [left, since] = [asking.writableLength, performance.now()];
        return performance.now() - since > 700;
      },
      { what: 'the request to stand still' },
    );
    return left;
  };

  test('each is answered as soon as it is stored, whether more comes or not', () =>
    served(async (port) => {
      const { asking, answer } = begin(port);
      asking.write(`${JSON.stringify(dag('line 0'))}\n${JSON.stringify(dag('line 1'))}\n`);
      let text = '';
      let asked = false;
      for await (const chunk of await answer) {
        text += String(chunk);
        if (!asked && text.includes('line 1')) {
          asked = true;
          asking.end(`{"dagName":\n\n${JSON.stringify(dag('the last'))}`);
        }
      }
      const results = text
        .trim()
        .split('\n')
        .map((line) => JSON.parse(line) as Result);
      expect(results.map(({ index }) => index)).toEqual([0, 1, 2, 3]);
      expect(results[1]!.dag!.dagName).toBe('line 1');
      expect(results[2]).toMatchObject({ status: 400, problem: { code: 'MALFORMED_JSON' } });
      expect(results[3]!.dag!.dagName).toBe('the last');
    }));

  test('they are read no faster than they are stored', () =>
    served(async (port) => {
      const { dags } = await world.rows();
      const { asking, answer } = begin(port);
      const large = { dagName: 'large', tasks: [{ taskName: 'a', type: 'API_CALL', payload: { text: 'x'.repeat(60_000) } }] };
      const locker = await world.database.engine.connect();
      try {
        await locker.query('BEGIN; LOCK TABLE dags IN SHARE MODE');
        for (let i = 0; i < 500; i++) asking.write(`${JSON.stringify(large)}\n`);
        expect(await stuck(asking)).toBeGreaterThan(10_000_000);
        expect((await world.rows()).dags).toBe(dags);
      } finally {
        await locker.query('COMMIT');
        locker.release();
      }
      asking.end();
      await once((await answer).resume(), 'end');
      expect((await world.rows()).dags).toBe(dags + 500);
    }));

  test('they are read no faster than their answers are', () =>
    served(async (port) => {
      const { asking, answer } = begin(port);
      const wrong = Array.from({ length: 500 }, (_, i) => ({ taskName: `t${i}`, type: 'NOTHING' }));
      for (let i = 0; i < 2000; i++) asking.write(`${JSON.stringify({ dagName: 'wrong', tasks: wrong })}\n`);
      expect(await stuck(asking)).toBeGreaterThan(10_000_000);
      asking.end();
      let count = 0;
      for await (const chunk of await answer) count += String(chunk).split('\n').length - 1;
      expect(count).toBe(2000);
    }));

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
