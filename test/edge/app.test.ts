import type { IncomingMessage, ServerResponse } from 'node:http';
import { Socket } from 'node:net';
import { Router } from 'express';
import { createApp } from '../../src/edge/app';
import { createHttpServer } from '../../src/edge/httpServer';
import { atEnd } from '../harness/cleanup';

const appWith = (...routers: Router[]) =>
  createApp({ routers, answered: () => undefined, unexpected: () => undefined, monotonic: () => performance.now() });

test('messages have from the start the prototypes that express would give them', () => {
  const { messages, request, response } = appWith();
  const made = new messages.IncomingMessage(new Socket());
  expect(Object.getPrototypeOf(made)).toBe(request);
  expect(Object.getPrototypeOf(new messages.ServerResponse(made))).toBe(response);
});

test('a server makes the messages of its app, and they can what those of express can', async () => {
  const router = Router();
  const seen: boolean[] = [];
  const app = appWith(router);
  router.get('/seen', (request, response) => {
    response.status(202).json({ host: request.hostname, name: request.query['name'] });
  });
  const beforeExpress = (request: IncomingMessage, response: ServerResponse): void => {
    seen.push(Object.getPrototypeOf(request) === app.request, Object.getPrototypeOf(response) === app.response);
    app(request, response);
  };
  const server = createHttpServer({ app: Object.assign(beforeExpress, { messages: app.messages }), host: '127.0.0.1', port: 0, drainMs: 1_000 });
  atEnd(() => server.stop());
  await server.start();
  const answer = await fetch(`http://127.0.0.1:${String(server.port())}/seen?name=n`);
  expect([answer.status, await answer.json()]).toEqual([202, { host: '127.0.0.1', name: 'n' }]);
  expect(seen).toEqual([true, true]);
});
