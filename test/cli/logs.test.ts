/** `dts logs`, and the client's stream over a connection that breaks. */
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { createClient, type TaskLogLine } from '../../src/sdk';
import { answering, type Answering } from './answering';

const line = (number: number, other: Partial<TaskLogLine> = {}): TaskLogLine => ({
  id: `id${String(number)}`,
  attempt: 1,
  worker: 'w1',
  line: number,
  time: '2026-01-31T12:00:00.000Z',
  level: 'info',
  stream: 'stdout',
  text: `line ${String(number)}`,
  fields: null,
  dropped: null,
  ...other,
});

describe('pages', () => {
  let server: Answering;
  beforeEach(async () => {
    server = await answering();
  });
  afterEach(() => server.close());

  test('all of them are asked for and shown, for people and for programs', async () => {
    const items = [line(1), line(2, { level: 'warn', fields: { n: 7 } })];
    const missing = line(5, { level: 'warn', text: '3 lines were left out here', dropped: 3 });
    server.answers.set('GET /api/v1/tasks/t1/logs?search=x&attempt=2', { body: { items, nextCursor: 'id2' } });
    server.answers.set('GET /api/v1/tasks/t1/logs?search=x&attempt=2&after=id2', { body: { items: [missing], nextCursor: null } });
    const expected = [
      '2026-01-31T12:00:00.000Z info  #1 line 1',
      '2026-01-31T12:00:00.000Z warn  #1 line 2 {"n":7}',
      '2026-01-31T12:00:00.000Z warn  #1 3 lines were left out here',
      '',
    ];
    expect(await server.dts('logs', 't1', '--attempt', '2', '--search', 'x')).toEqual({ code: 0, out: expected.join('\n'), err: '' });
    const { out } = await server.dts('--json', 'logs', 't1', '--attempt', '2', '--search', 'x');
    expect(
      out
        .trim()
        .split('\n')
        .map((text) => JSON.parse(text) as unknown),
    ).toEqual([...items, missing]);
    expect((await server.dts('logs', 'nobody')).code).toBe(3);
  });
});

describe('the stream', () => {
  let server: Server;
  afterEach(async () => {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  });

  test('goes on behind the last line when its connection breaks, and ends with the status', async () => {
    const asked: unknown[] = [];
    server = createServer((request, response) => {
      const from = request.headers['last-event-id'];
      asked.push([request.url, from]);
      const event = (number: number): string => `event: line\nid: id${String(number)}\ndata: ${JSON.stringify(line(number))}\n\n`;
      response.writeHead(200, { 'content-type': 'text/event-stream' });
      if (from === undefined) {
        response.write(`retry: 1000\n\n: still here\n\n${event(1)}${event(2).slice(0, 30)}`);
        setImmediate(() => response.destroy());
      } else response.end(`${event(2)}event: end\ndata: {"status":"COMPLETED"}\n\n`);
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const following = createClient({ url: `http://127.0.0.1:${String((server.address() as AddressInfo).port)}` }).followLogs('t1', { search: 'x' });
    const seen: number[] = [];
    let next = await following.next();
    for (; next.done !== true; next = await following.next()) seen.push(next.value.line);
    expect([seen, next.value]).toEqual([[1, 2], 'COMPLETED']);
    expect(asked).toEqual([
      ['/api/v1/tasks/t1/logs?search=x&follow=true', undefined],
      ['/api/v1/tasks/t1/logs?search=x&follow=true', 'id1'],
    ]);
  });
});
