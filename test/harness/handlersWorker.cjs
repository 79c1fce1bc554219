/**
 * A worker as roles/worker.ts builds it, on the same adapters, but with handlers that only tests need:
 *   ECHO        tells what it was handed: the payload's length and end, the results of its dependencies
 *   CHECKPOINT  keeps {step: 1}, says so, and waits for ever; an attempt that finds a checkpoint returns it
 */
const path = require('node:path');
const { loadConfig } = require('../../dist/config.js');
const { assembled } = require('../../dist/lifecycle/assembled.js');
const { openLeases, openTransport } = require('../../dist/roles/distributed.js');
const { createHands } = require('../../dist/roles/hands.js');
const { boundsOf, descriptionOf } = require('../../dist/roles/handlers.js');
const { createProcessLife } = require('../../dist/roles/processLife.js');

const say = (line) => process.stdout.write(`${line}\n`);

const echo = async ({ payload, upstream, attempt }) => ({
  length: payload?.text?.length ?? 0,
  end: payload?.text?.slice(-5) ?? '',
  upstream: Object.fromEntries(Object.entries(upstream).map(([name, result]) => [name, result.made ?? result.length])),
  attempt,
  made: payload?.make ? (payload.of ?? 'x').repeat(payload.make) : undefined,
});

const checkpoint = async ({ restored, checkpoint: keep, fence, attempt }) => {
  if (restored !== null) return { restored, attempt, fence: String(fence) };
  await keep({ step: 1 });
  say(`kept by ${String(fence)}`);
  return new Promise(() => undefined);
};

const { config, problems } = loadConfig('worker', {
  configDir: path.join(__dirname, '../../config'),
  env: process.env,
  flags: { 'worker-id': process.env.TEST_WORKER_ID },
});
if (problems) throw new Error(problems.join('\n'));

const service = assembled('handlers worker', async (include, stopping) => {
  const life = createProcessLife(config, config.worker.id);
  const transport = await openTransport(config, life, include, stopping);
  const leases = await openLeases(config, life, { include, stopping, onForgotten: () => undefined });
  const { service: hands } = createHands({
    ...transport,
    sessions: leases.sessions,
    claims: leases.claims,
    clock: life.clock,
    announce: life.announce,
    heard: life.heard,
    drainMs: 1_000,
    takeoverMs: 10_000,
    ...boundsOf(config),
    description: descriptionOf(config, life, life.id, 0),
    handlers: new Map([
      ['ECHO', echo],
      ['CHECKPOINT', checkpoint],
    ]),
  });
  await include(hands);
  say('ready');
});

process.once('SIGTERM', () => void service.stop().then(() => process.exit(0)));
service.start().catch((error) => {
  process.stderr.write(`${error.stack}\n`);
  process.exit(1);
});
