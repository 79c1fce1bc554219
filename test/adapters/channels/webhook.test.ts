/** The channel against a real receiver. */
import { createWebhookChannel, retryAfterMs } from '../../../src/adapters/channels/webhook';
import type { TakenDelivery } from '../../../src/ports/notices';
import { signatureOf } from '../../../src/adapters/channels/signature';
import { isGenuine, type Receiver, startReceiver } from '../../harness/receiver';

const SECRET = `whsec_${Buffer.alloc(32, 7).toString('base64')}`;
const channel = createWebhookChannel({ allowedHosts: ['127.0.0.1'], agent: 'task-scheduler/test', now: Date.now });
const never = new AbortController().signal;

let receiver: Receiver;
let delivery: TakenDelivery;
beforeAll(async () => {
  receiver = await startReceiver();
  delivery = {
    ...{ id: '6e0d9a52-7b5f-4a1c-9d3c-2f1f6c1a0b11', subscription: 's', event: 'DAG_FAILED', title: 't', attempt: 1 },
    ...{ body: '{"type":"DAG_FAILED","data":{"dag":{"dagName":"größe"},"letter":null}}', channel: 'webhook', url: `${receiver.url}/hook?x=1` },
    ...{ addresses: [], secret: SECRET },
  };
});

test("the signature is that of the specification's own libraries", () => {
  // The example that their tests share.
  const signed = { id: 'msg_p5jXN8AQM9LWM0D4loKWxJek', timestamp: 1614265330, body: '{"test": 2432232314}' };
  expect(signatureOf('whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw', signed)).toBe('v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=');
});

test('it posts the body as it is, signed, and any 2xx is a delivery', async () => {
  receiver.answer = (response) => response.writeHead(201).end('thanks');
  expect(await channel.send(delivery, never)).toEqual({ outcome: 'delivered', status: 201, answer: 'thanks', retryAfterMs: null });
  const [got] = receiver.received;
  expect(got).toMatchObject({ path: '/hook?x=1', id: delivery.id, text: delivery.body, contentType: 'application/json' });
  expect(isGenuine(got!, SECRET)).toBe(true);
  expect(isGenuine({ ...got!, text: `${got!.text} ` }, SECRET)).toBe(false);
});

test.each([
  [301, 'failed'],
  [400, 'failed'],
  [410, 'gone'],
  [429, 'failed'],
  [503, 'failed'],
])('%s is %s; when it shall come again is read', async (status, outcome) => {
  receiver.answer = (response) => response.writeHead(status, { 'retry-after': '7', location: '/elsewhere' }).end('no\0');
  expect(await channel.send(delivery, never)).toMatchObject({ outcome, status, retryAfterMs: 7000 });
  expect(receiver.received.at(-1)?.path).toBe('/hook?x=1');
});

test('of a long answer the beginning is kept, also where it never ends', async () => {
  receiver.answer = (response) => response.writeHead(200).write('x'.repeat(5000));
  const answer = await channel.send(delivery, AbortSignal.timeout(2000));
  expect(answer).toMatchObject({ outcome: 'delivered', status: 200, answer: 'x'.repeat(1024) });
});

test('who takes too long, hangs up or is not there, is told of in words', async () => {
  receiver.answer = () => undefined;
  expect(await channel.send(delivery, AbortSignal.timeout(100))).toMatchObject({
    outcome: 'failed',
    status: null,
    answer: 'it took too long to answer',
  });
  receiver.answer = (response) => response.destroy();
  expect(await channel.send(delivery, never)).toMatchObject({ outcome: 'failed', status: null });
  const free = await startReceiver();
  await free.close();
  const refused = await channel.send({ ...delivery, url: free.url }, never);
  expect(refused).toMatchObject({ outcome: 'failed', status: null, answer: expect.stringContaining('ECONNREFUSED') as string });
});

test('no other host is asked than those that are allowed', async () => {
  const answer = await channel.send({ ...delivery, url: receiver.url.replace('127.0.0.1', 'localhost') }, never);
  expect(answer).toMatchObject({ outcome: 'failed', answer: 'the setting notifications.allowedHosts does not allow this host' });
});

test('Retry-After is seconds or a date', () => {
  const now = Date.UTC(2026, 0, 31, 12);
  expect(retryAfterMs('120', now)).toBe(120_000);
  expect(retryAfterMs(new Date(now + 5000).toUTCString(), now)).toBe(5000);
  expect(retryAfterMs(new Date(now - 5000).toUTCString(), now)).toBe(0);
  expect(retryAfterMs('soon', now)).toBeNull();
  expect(retryAfterMs(null, now)).toBeNull();
});
