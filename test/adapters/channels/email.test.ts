/** The channel against a real SMTP server. */
import { createEmailChannel } from '../../../src/adapters/channels/email';
import type { TakenDelivery } from '../../../src/ports/notices';
import { startMailbox } from '../../harness/mailbox';

const never = new AbortController().signal;
const delivery: TakenDelivery = {
  ...{ id: '6e0d9a52-7b5f-4a1c-9d3c-2f1f6c1a0b11', subscription: 's', event: 'DEAD_LETTER', attempt: 1, secret: null, channel: 'email', url: null },
  ...{ title: 'DAG nächtlich has a dead letter: task load gave up', addresses: ['ada@example.com', 'bob@example.com'] },
  body: JSON.stringify({
    type: 'DEAD_LETTER',
    timestamp: '2026-01-31T12:00:00.000Z',
    data: { dag: { dagName: 'nächtlich', tags: ['a', 'b'], totalTasks: 3, reason: null }, letter: { letterId: '7', error: 'no disk\nleft' } },
  }),
};

const open = async () => {
  const mailbox = await startMailbox();
  const channel = createEmailChannel({ url: mailbox.url, from: 'Scheduler <dts@example.com>', timeoutMs: 3000 });
  return { mailbox, channel };
};

test('a mail tells what a webhook is told, a fact a line, under an id that stays', async () => {
  const { mailbox, channel } = await open();
  expect(await channel.send(delivery, never)).toMatchObject({ outcome: 'delivered', status: 250 });
  expect(await channel.send({ ...delivery, attempt: 2 }, never)).toMatchObject({ outcome: 'delivered' });
  expect(mailbox.mails).toHaveLength(2);
  const [mail, again] = mailbox.mails;
  expect(mail).toMatchObject({ from: 'dts@example.com', to: ['ada@example.com', 'bob@example.com'] });
  expect(mail?.text).toContain(`Message-ID: <${delivery.id}@example.com>`);
  expect(again?.text).toContain(`Message-ID: <${delivery.id}@example.com>`);
  expect(mail?.text).toContain('Auto-Submitted: auto-generated');
  const text = mail?.text.replaceAll('=C3=A4', 'ä') ?? '';
  for (const line of ['letterId: 7', 'error: no disk', 'dagName: nächtlich', 'tags: a, b', 'totalTasks: 3']) expect(text).toContain(line);
  expect(text).not.toContain('reason');
});

test('an address that is refused is named; all of them, or the server itself, and nothing was delivered', async () => {
  const { mailbox, channel } = await open();
  mailbox.refused.add('bob@example.com');
  const some = await channel.send(delivery, never);
  expect(some).toMatchObject({ outcome: 'delivered', answer: expect.stringContaining('refused: bob@example.com') as string });
  mailbox.refused.add('ada@example.com');
  expect(await channel.send(delivery, never)).toMatchObject({ outcome: 'failed', status: 550 });
  mailbox.refused.clear();
  mailbox.failure = { code: 452, message: 'come again later' };
  expect(await channel.send(delivery, never)).toMatchObject({
    ...{ outcome: 'failed', status: 452, answer: expect.stringContaining('come again later') as string },
  });
  expect(mailbox.mails).toHaveLength(1);
});

test('a wrong password is told without it, and a server that is away as such', async () => {
  const { mailbox } = await open();
  const url = mailbox.url.replace('very%20secret', 'wrong%20secret');
  const stranger = createEmailChannel({ url, from: 'dts@example.com', timeoutMs: 3000 });
  const answer = await stranger.send(delivery, never);
  expect(answer).toMatchObject({ outcome: 'failed', status: 535 });
  expect(answer.answer).not.toContain('secret');
  await mailbox.close();
  const away = createEmailChannel({ url: mailbox.url, from: 'dts@example.com', timeoutMs: 1000 });
  expect(await away.send(delivery, never)).toMatchObject({
    outcome: 'failed',
    status: null,
    answer: expect.stringContaining('ECONNREFUSED') as string,
  });
});
