/** PostgreSQL: gone, silent, slow, restarted, elsewhere, full, read-only, and with too few connections. */
import { untilUp } from '../members';
import type { World } from '../world';
import { type Fault, outage, slowness } from './fault';

const killed = (seconds: number, form: Fault['form']): Fault =>
  outage({
    name: `PostgreSQL killed, back after ${seconds} s`,
    form,
    component: 'postgres',
    seconds,
    begin: ({ services }) => services.kill('postgres'),
    end: ({ services }) => services.up('postgres'),
  });

const silent = (seconds: number, form: Fault['form']): Fault =>
  outage({
    name: `PostgreSQL unreachable for ${seconds} s (its network silent)`,
    form,
    component: 'postgres',
    seconds,
    begin: ({ postgres }) => {
      postgres.silence();
    },
    end: ({ postgres }) => {
      postgres.resume();
    },
  });

const restarted: Fault = {
  name: 'PostgreSQL restarted in order',
  form: 'full',
  cause: async ({ services, load, witness, schedulers }) => {
    const ids = load.open();
    await services.down('postgres');
    await services.up('postgres');
    const since = await witness.now();
    await Promise.all(schedulers.map((scheduler) => untilUp(scheduler)));
    return { of: 'dag', ids, since };
  },
};

const setting = async ({ onServer }: World, text: string): Promise<void> => {
  await onServer(`ALTER SYSTEM ${text}`);
  await onServer('SELECT pg_reload_conf()');
};

const readOnly: Fault = outage({
  name: 'PostgreSQL read-only for 5 s (default_transaction_read_only)',
  form: 'short',
  component: 'postgres',
  seconds: 5,
  reason: /read-only/,
  begin: (world) => setting(world, 'SET default_transaction_read_only = on'),
  end: (world) => setting(world, 'RESET default_transaction_read_only'),
});

const tooFewConnections: Fault = outage({
  name: 'PostgreSQL lets nobody more in for 5 s (connection limit)',
  form: 'short',
  component: 'postgres',
  seconds: 5,
  reason: /too many connections/,
  begin: async ({ onServer, database }) => {
    await onServer(`ALTER DATABASE ${database} CONNECTION LIMIT 0`);
    await onServer(`SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '${database}'`);
  },
  end: ({ onServer, database }) => onServer(`ALTER DATABASE ${database} CONNECTION LIMIT -1`),
});

export const postgresFaults: readonly Fault[] = [
  killed(3, 'short'),
  killed(20, 'full'),
  silent(60, 'full'),
  restarted,
  slowness({ name: 'PostgreSQL slow: 100 ms each way', form: 'full', component: 'postgres', seconds: 15, delayMs: 100 }),
  readOnly,
  tooFewConnections,
];
