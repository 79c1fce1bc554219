/** Clients of the stream that don't read, on real sockets. */
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Response } from 'express';
import { systemClock } from '../../../src/adapters/system/clock';
import { eventStream } from '../../../src/edge/requests';
import { createReader, type Frame, type Reader } from '../../../src/observe/live/reader';
import { atEnd } from '../../harness/cleanup';
import { openEvents } from '../../harness/sse';
import { until } from '../../harness/until';

const frame = (event: Frame['event'], value: unknown, size = 0): Frame => ({
  event,
  bytes: Buffer.from(`event: ${event}\nid: 1-0.x\ndata: ${JSON.stringify({ value, fill: 'x'.repeat(size) })}\n\n`),
});

/** A reader at the other end of a client's connection, which doesn't read yet. */
const connect = async () => {
  const made: { reader?: Reader; answer?: Response } = {};
  const server = createServer((_request, response) => {
    made.answer = Object.assign(response, {
      status: () => ({ set: () => response.setHeader('Content-Type', 'text/event-stream') }),
      locals: {},
    }) as never;
    const events = eventStream(made.answer);
    made.reader = createReader(events, systemClock, () => frame('reset', 'too slow'));
    events.begin(1);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  atEnd(() => new Promise<void>((resolve) => (server.closeAllConnections(), server.close(() => resolve()))));
  const client = await openEvents(`http://127.0.0.1:${(server.address() as AddressInfo).port}`, { paused: true });
  return { client, reader: made.reader!, answer: made.answer! };
};

test('what waits for a client that does not read is bounded; when it reads it is told to read anew, and the newest snapshots', async () => {
  const { client, reader, answer } = await connect();
  let unread = 0;
  for (let i = 0; i < 1000; i++) {
    reader.send(frame('dags', i, 64 * 1024));
    if (i % 10 === 0) reader.send(frame('overview', i));
    reader.send(frame('workers', i));
    unread = Math.max(unread, answer.writableLength);
    await new Promise(setImmediate);
  }
  expect(reader.stuckSince()).toBeDefined();
  // Of 64 MB one event beyond what the system's own buffers took.
  expect(unread).toBeLessThan(512 * 1024);
  client.response.resume();
  await client.next('the last list of workers', ({ event, data }) => event === 'workers' && (data as { value: number }).value === 999);
  const told = client.received.map(({ event, data }) => [event, (data as { value: unknown }).value]);
  const at = told.findIndex(([event]) => event === 'reset');
  expect(told.slice(at)).toEqual([
    ['reset', 'too slow'],
    ['overview', 990],
    ['workers', 999],
  ]);
  await until(() => reader.stuckSince() === undefined, { what: 'room again' });
  reader.send(frame('dags', 'after'));
  await client.next('what comes after', ({ data }) => (data as { value: unknown }).value === 'after');
});

test('a short while of not reading loses nothing', async () => {
  const { client, reader } = await connect();
  let sent = 0;
  while (reader.stuckSince() === undefined) reader.send(frame('dags', sent++, 64 * 1024));
  for (let i = 0; i < 3; i++) reader.send(frame('dags', sent++, 64 * 1024));
  reader.send(frame('overview', 'now'));
  client.response.resume();
  await client.next('the snapshot', ({ event }) => event === 'overview');
  expect(client.received.filter(({ event }) => event === 'dags').map(({ data }) => (data as { value: number }).value)).toEqual([
    ...Array(sent).keys(),
  ]);
  expect(client.received.some(({ event }) => event === 'reset')).toBe(false);
});

test('the end of the stream waits for nobody who does not read', async () => {
  const { reader, answer } = await connect();
  for (let i = 0; i < 300; i++) {
    reader.send(frame('dags', i, 64 * 1024));
    await new Promise(setImmediate);
  }
  reader.end();
  await until(() => answer.destroyed, { what: 'the end' });
});
