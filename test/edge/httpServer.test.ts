import { EventEmitter, once } from 'node:events';
import { Agent, get, type IncomingMessage, type ServerResponse } from 'node:http';
import { createHttpServer, type HttpServer } from '../../src/edge/httpServer';
import { atEnd } from '../harness/cleanup';
import { until } from '../harness/until';

const serve = (more: Partial<Parameters<typeof createHttpServer>[0]> = {}): HttpServer => {
  const server = createHttpServer({
    app: (_request, response) => {
      response.end('yes');
    },
    host: '127.0.0.1',
    port: 0,
    drainMs: 5_000,
    ...more,
  });
  atEnd(() => server.stop());
  return server;
};
const ask = async (port: number, agent?: Agent): Promise<string> => {
  const [response] = (await once(get({ port, host: '127.0.0.1', ...(agent === undefined ? {} : { agent }) }), 'response')) as [IncomingMessage];
  return (await response.toArray()).join('');
};

test('a taken port is said with the way out', async () => {
  const first = serve();
  await first.start();
  await expect(serve({ port: first.port()! }).start()).rejects.toThrow(`port ${first.port()} is taken; choose another with --port or SERVER_PORT`);
});

test('the first free port from a taken one on', async () => {
  const first = serve();
  await first.start();
  const second = serve({ port: { firstFreeFrom: first.port()! } });
  await second.start();
  expect(second.port()!).toBeGreaterThan(first.port()!);
  expect(await ask(second.port()!)).toBe('yes');
});

test('a stop lets an answer under way come to its end, and takes nothing new', async () => {
  const requests = new EventEmitter();
  const server = serve({
    app: (_request, response) => {
      requests.emit('begun', response);
    },
  });
  await server.start();
  const port = server.port()!;
  const begun = once(requests, 'begun') as Promise<[ServerResponse]>;
  const answer = ask(port);
  const [response] = await begun;
  const stopped = server.stop();
  await until(() => server.port() === undefined, { what: 'the port to be closed' });
  await expect(ask(port)).rejects.toMatchObject({ code: 'ECONNREFUSED' });
  response.end('late');
  expect(await answer).toBe('late');
  await stopped;
});

test('a stop cuts off what takes too long, and connections that are kept alive do not hold it', async () => {
  const stuck = serve({ app: () => undefined, drainMs: 50 });
  await stuck.start();
  const answer = ask(stuck.port()!).then(
    () => 'answered',
    () => 'cut',
  );
  const agent = new Agent({ keepAlive: true });
  const quick = serve({ drainMs: 60_000 });
  await quick.start();
  await ask(quick.port()!, agent);
  await Promise.all([stuck.stop(), quick.stop()]);
  expect(await answer).toBe('cut');
  agent.destroy();
});

test('starts and stops in any order end as the last one says', async () => {
  const one = serve();
  const calls = Array.from({ length: 100 }, (_, i) => (i % 3 === 0 ? one.stop() : one.start()));
  await Promise.all([...calls, one.start()]);
  expect(await ask(one.port()!)).toBe('yes');
  await Promise.all([one.stop(), one.start(), one.stop()]);
  expect(one.port()).toBeUndefined();
});
