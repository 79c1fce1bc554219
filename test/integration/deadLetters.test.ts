/** A task that gives up, and bytes that nobody can decode in any of the topics, on the real services. */
import { openSender, readTopic } from '../harness/messages';
import { startRealStack } from '../harness/stacks';
import { until } from '../harness/until';

interface Message {
  readonly letterId: string | null;
  readonly kind: string;
  readonly dagId: string | null;
  readonly taskName: string | null;
  readonly payload: unknown;
  readonly worker: string | null;
  readonly attempts?: readonly { readonly worker: string; readonly error: { readonly kind: string; readonly message: string } }[];
  readonly record?: { readonly place: string; readonly raw: string };
}

test('all of it lands in PostgreSQL and in the topic, and nothing of it stops what reads the topics', async () => {
  const { api, topics, sql } = await startRealStack({ workers: 1 });
  const told = async (): Promise<Message[]> => (await readTopic(topics.deadLetters)).map(({ value }) => JSON.parse(value) as Message);
  const retries = { maxRetries: 1, backoff: { type: 'fixed', initialMs: 10, maxMs: 10 } } as const;
  const doomed = { taskName: 'doomed', type: 'API_CALL', payload: { n: 1 }, ...retries, simulate: { durationMs: 1, failureRate: 1 } };
  const { dagId } = await api.submit({ dagName: 'letters', tasks: [doomed] });
  expect((await api.wait(dagId, { timeoutMs: 20_000 })).status).toBe('FAILED');
  await until(async () => (await told()).length === 1, { what: 'the letter in the topic' });
  const [letter] = await told();
  expect(letter).toMatchObject({ kind: 'HANDLER', dagId, taskName: 'doomed', payload: { n: 1 }, worker: 'worker-1' });
  expect(letter?.attempts?.map(({ worker, error }) => [worker, error.kind])).toEqual([
    ['worker-1', 'HANDLER'],
    ['worker-1', 'HANDLER'],
  ]);
  await until(async () => (await sql('SELECT 1 FROM dead_letters WHERE published_at IS NOT NULL')).length === 1, { what: 'the letter to be marked' });

  const [events, queue, logs] = [await openSender(topics.events), await openSender(topics.queue), await openSender(topics.logs)];
  await events({ partition: 0, value: 'no events at all' });
  const inbox = (await readTopic(topics.queue))[0]!.partition;
  await queue({ partition: inbox, value: '{"no": "orders"}' });
  await logs({ partition: 0, value: '{"v":1,"chunks":[{"no":"lines"}]}' });
  await until(async () => (await told()).length === 4, { what: 'all three records in the topic' });
  const records = (await told()).slice(1);
  const shown = records.map(({ kind, record }) => [kind, record?.place, Buffer.from(record?.raw ?? '', 'base64').toString()]).sort();
  expect(shown).toEqual(
    [
      ['UNDECODABLE', `${topics.events}/0`, 'no events at all'],
      ['UNDECODABLE', `${topics.logs}/0`, '{"v":1,"chunks":[{"no":"lines"}]}'],
      ['UNDECODABLE', `${topics.queue}/${String(inbox)}`, '{"no": "orders"}'],
    ].sort(),
  );
  expect(await sql('SELECT place, state FROM dead_letters WHERE dag_id IS NULL ORDER BY place')).toEqual([
    { place: `${topics.events}/0`, state: 'OPEN' },
    { place: `${topics.logs}/0`, state: 'OPEN' },
  ]);
  const next = await api.submit({
    dagName: 'after',
    tasks: Array.from({ length: 40 }, (_, i) => ({ taskName: `t${String(i)}`, type: 'API_CALL', simulate: { durationMs: 0, failureRate: 0 } })),
  });
  expect((await api.wait(next.dagId, { timeoutMs: 20_000 })).status).toBe('COMPLETED');
}, 90_000);
