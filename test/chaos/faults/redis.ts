/** Redis: gone, silent, slow, and without its memory. */
import { createClient } from 'redis';
import { PORTS } from '../world';
import { type Fault, outage, slowness } from './fault';

const forgotten: Fault = {
  name: 'Redis emptied (FLUSHALL)',
  form: 'short',
  blindsDoctor: true,
  cause: async ({ load, witness }) => {
    const redis = createClient({ url: `redis://127.0.0.1:${PORTS.redis}` });
    await redis.connect();
    const ids = load.open();
    await redis.flushAll();
    await redis.close();
    return { of: 'dag', ids, since: await witness.now() };
  },
};

const killed = (seconds: number, form: Fault['form']): Fault =>
  outage({
    name: `Redis killed, back after ${seconds} s`,
    form,
    component: 'redis',
    seconds,
    begin: ({ services }) => services.kill('redis'),
    end: ({ services }) => services.up('redis'),
  });

const silent = (seconds: number, form: Fault['form']): Fault =>
  outage({
    name: `Redis stopped for ${seconds} s (SIGSTOP)`,
    form,
    component: 'redis',
    seconds,
    begin: ({ services }) => services.pause('redis'),
    end: ({ services }) => services.cont('redis'),
  });

export const redisFaults: readonly Fault[] = [
  killed(3, 'short'),
  killed(20, 'full'),
  silent(5, 'short'),
  silent(60, 'full'),
  forgotten,
  slowness({ name: 'Redis slow: 100 ms each way', form: 'full', component: 'redis', seconds: 15, delayMs: 100 }),
];
