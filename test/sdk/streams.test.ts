/** The client's streams over a server that says odd things, or nothing. */
import { createClient, type TaskLogLine } from '../../src/sdk';
import { within } from '../harness/until';
import { failureOf, serving } from './serving';

const eventStream = { 'content-type': 'text/event-stream; charset=utf-8' };
const lineEvent = (id: string, text: string): string => `event: line\nid: ${id}\ndata: ${JSON.stringify({ id, text })}\n\n`;

/** All lines, and what the stream returned. */
const followed = async (stream: AsyncGenerator<TaskLogLine, string | null, void>): Promise<readonly [string[], string | null]> => {
  const texts: string[] = [];
  let next = await stream.next();
  for (; next.done !== true; next = await stream.next()) texts.push(next.value.text);
  return [texts, next.value];
};

describe('followLogs', () => {
  test('a line may have any character in it', async () => {
    const text = 'one\u2028two\u2029three\u0085four: data: five';
    const url = await serving((_request, response) => {
      response.writeHead(200, eventStream).end(`${lineEvent('1', text)}event: end\ndata: {"status":"COMPLETED"}\n\n`);
    });
    expect(await followed(createClient({ url }).followLogs('t'))).toEqual([[text], 'COMPLETED']);
  });

  test('what is no JSON ends it, and is not asked for again', async () => {
    let asked = 0;
    const url = await serving((_request, response) => {
      asked += 1;
      response.writeHead(200, eventStream).end('event: line\nid: 1\ndata: {"id"\n\n');
    });
    expect(await failureOf(followed(createClient({ url }).followLogs('t')))).toMatchObject({ name: 'SyntaxError' });
    expect(asked).toBe(1);
  });

  test('connections that break before anything came are no progress', async () => {
    let asked = 0;
    const url = await serving((_request, response) => {
      asked += 1;
      response.writeHead(200, eventStream).write('retry: 1000\n\n', () => response.destroy());
    });
    expect(await failureOf(followed(createClient({ url, retries: 1 }).followLogs('t')))).toMatchObject({ name: 'UnreachableError' });
    expect(asked).toBe(2);
  });

  test('is ended by its signal while the task is silent', async () => {
    const ending = new AbortController();
    const url = await serving((_request, response) => {
      response.writeHead(200, eventStream).write('retry: 1000\n\n', () => ending.abort());
    });
    const end = followed(createClient({ url }).followLogs('t', { signal: ending.signal }));
    expect(await within(end, { what: 'the end of a silent stream' })).toEqual([[], null]);
  });

  test('is ended by its signal between two connections', async () => {
    const ending = new AbortController();
    const url = await serving((_request, response) => {
      response.writeHead(200, eventStream).end();
      response.on('close', () => setImmediate(() => ending.abort()));
    });
    const end = followed(createClient({ url }).followLogs('t', { signal: ending.signal }));
    expect(await within(end, { what: 'the end of the pause' })).toEqual([[], null]);
  });

  test('waits for the beginning of an answer as long as for any other', async () => {
    const url = await serving(() => undefined);
    expect(await failureOf(followed(createClient({ url, timeoutMs: 50, retries: 0 }).followLogs('t')))).toMatchObject({
      name: 'UnreachableError',
      message: `no answer from ${url}: nothing came within 50 ms`,
    });
  });
});

describe('live', () => {
  test('ends where somebody else answers', async () => {
    const url = await serving((_request, response) => response.writeHead(200, { 'content-type': 'text/html' }).end('<html>hello</html>'));
    const end = failureOf(createClient({ url }).live(['dags']).next());
    expect(await within(end, { what: 'the end' })).toMatchObject({
      name: 'UnreachableError',
      message: `no answer from ${url}: what answers there is no scheduler: it sends text/html that is no stream of events`,
    });
  });

  test('goes on where it was cut', async () => {
    const asked: unknown[] = [];
    const url = await serving((request, response) => {
      asked.push(request.headers['last-event-id']);
      const event = (reason: string): string => `event: reset\nid: ${reason}\ndata: ${JSON.stringify({ reason })}\n\n`;
      response.writeHead(200, eventStream);
      if (asked.length === 1) response.write(`${event('first')}event: alive\nid: later\ndata: {}\n\n`, () => response.destroy());
      else response.write(event('second'));
    });
    const seen: unknown[] = [];
    for await (const { data } of createClient({ url }).live(['dags'])) {
      seen.push(data);
      if (seen.length === 2) break;
    }
    expect(seen).toEqual([{ reason: 'first' }, { reason: 'second' }]);
    expect(asked).toEqual([undefined, 'later']);
  });
});
