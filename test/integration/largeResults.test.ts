/** What a worker may have to report, and what Kafka takes at once. */
import path from 'node:path';
import { ConfigResourceTypes } from 'kafkajs';
import { asOperator } from '../adapters/kafka/world';
import { projectRoot, startProcess } from '../harness/processes';
import { startRealStack } from '../harness/stacks';
import { until } from '../harness/until';

const RESULT_BYTES = 600_000;
const RAISED_BYTES = 2_000_000;
const handlers = [{ type: 'QUOTES', module: path.join(projectRoot, 'test/integration/quotes.mjs'), isolation: 'none' }];
const env = { WORKER_RESULT_BYTES: String(RESULT_BYTES) };

test('a worker whose results the topic would not take refuses to start; where it starts, the largest result arrives', async () => {
  const stack = await startRealStack({ workers: 0, env: { WORKER_HANDLERS: JSON.stringify(handlers) } });
  const { events } = stack.topics;
  const refused = await startProcess({ args: ['--role=worker', '--port=0'], env: { ...stack.env, ...env } });
  expect((await refused.exited).code).toBe(1);
  expect(refused.stderr()).toMatch(
    new RegExp(
      `the worker could not start: topic ${events} takes \\d+ bytes at once \\(max\\.message\\.bytes\\), but worker\\.resultBytes ${String(RESULT_BYTES)} needs 1216384: `,
    ),
  );

  const configEntries = [{ name: 'max.message.bytes', value: String(RAISED_BYTES) }];
  await asOperator((admin) =>
    admin.alterConfigs({ validateOnly: false, resources: [{ type: ConfigResourceTypes.TOPIC, name: events, configEntries }] }),
  );
  await stack.startWorker('worker-1', { env });
  const task = (taskName: string, quotes: number) => ({ taskName, type: 'QUOTES', payload: { quotes }, maxRetries: 0 });
  const fitting = (RESULT_BYTES - 2) / 2;
  const { dagId } = await stack.api.submit({ dagName: 'large', tasks: [task('fits', fitting), task('larger', fitting + 1)] });
  const ends = async () => stack.sql(`SELECT name, status, octet_length(result::text) AS bytes FROM tasks ORDER BY name`);
  await until(async () => (await stack.api.dag(dagId)).status === 'FAILED', { what: 'the DAG to end', timeoutMs: 20_000 });
  expect(await ends()).toEqual([
    { name: 'fits', status: 'COMPLETED', bytes: RESULT_BYTES },
    { name: 'larger', status: 'FAILED', bytes: null },
  ]);
}, 60_000);
