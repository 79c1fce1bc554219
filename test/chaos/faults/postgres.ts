/** PostgreSQL: gone, silent, slow, restarted, elsewhere, full, read-only, and with too few connections. */
import { execFile } from 'node:child_process';
import { mkdtempSync, rmdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { promisify } from 'node:util';
import { atEnd } from '../../harness/cleanup';
import { startStandby } from '../../harness/standby';
import { until } from '../../harness/until';
import { untilDown, untilUp } from '../members';
import { PORTS, type World } from '../world';
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
  blindsDoctor: true,
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

/**
 * The server is lost for good and a standby takes its place under the same address, as a virtual IP, a DNS name or HAProxy do
 * it. Synchronous replication is what makes a failover lose nothing: an answered commit is on both.
 */
const failedOver: Fault = {
  name: 'PostgreSQL lost, its standby promoted at another address',
  form: 'full',
  blindsDoctor: true,
  cause: async (world) => {
    const { services, load, witness, schedulers, postgres } = world;
    const standby = await startStandby(PORTS.postgres, PORTS.standby);
    await setting(world, `SET synchronous_standby_names = '*'`);
    await until(async () => (await world.sql(`SELECT 1 FROM pg_stat_replication WHERE sync_state = 'sync'`)).length === 1, {
      what: 'the standby to be in sync',
      timeoutMs: 20_000,
    });
    await services.kill('postgres');
    const why = await untilDown(schedulers[0]!, 'postgres');
    const ids = load.open();
    await standby.promote();
    world.postgresPort = PORTS.standby;
    await setting(world, 'RESET synchronous_standby_names');
    postgres.retarget(PORTS.standby);
    const since = await witness.now();
    await Promise.all(schedulers.map((scheduler) => untilUp(scheduler)));
    return { of: 'dag', ids, since, seen: why };
  },
};

const DISK_MB = 96;
const run = promisify(execFile);

/** The engine's tables lie on a small file system of their own, which is filled; the server itself goes on. */
const diskFull: Fault = {
  name: 'PostgreSQL with a full disk for 10 s',
  form: 'full',
  blindsDoctor: true,
  lines: 60,
  cause: async (world) => {
    const { load, witness, schedulers } = world;
    const folder = mkdtempSync(path.join(tmpdir(), 'disk-'));
    await run('mount', ['-t', 'tmpfs', '-o', `size=${String(DISK_MB)}m,mode=0777`, 'tmpfs', folder]);
    atEnd(async () => {
      await run('umount', ['-l', folder]).catch(() => undefined);
      rmdirSync(folder);
    });
    await run('install', ['-d', '-o', 'postgres', path.join(folder, 'tables')]);
    await world.onServer(`CREATE TABLESPACE small LOCATION '${path.join(folder, 'tables')}'`);
    await world.onServer(`GRANT CREATE ON TABLESPACE small TO engine`);
    for (const table of ['tasks_base', 'dags']) {
      await world.sql(`ALTER TABLE ${table} SET TABLESPACE small`);
      await world.sql(`ALTER INDEX ${table}_pkey SET TABLESPACE small`);
    }
    const ballast = path.join(folder, 'ballast');
    for (const size of ['64k', '1k']) {
      await run('dd', ['if=/dev/zero', `of=${ballast}`, `bs=${size}`, 'oflag=append', 'conv=notrunc']).catch(() => undefined);
    }
    try {
      const why = await untilDown(schedulers[0]!, 'postgres', 30_000);
      if (!/No space left|could not extend/.test(why)) throw new Error(`the health says of a full disk: ${why}`);
      await pause(10_000);
      const ids = load.open();
      rmSync(ballast);
      const since = await witness.now();
      await Promise.all(schedulers.map((scheduler) => untilUp(scheduler)));
      return { of: 'dag', ids, since, seen: why };
    } finally {
      rmSync(ballast, { force: true });
      for (const table of ['tasks_base', 'dags']) {
        await world.sql(`ALTER TABLE ${table} SET TABLESPACE pg_default`);
        await world.sql(`ALTER INDEX ${table}_pkey SET TABLESPACE pg_default`);
      }
      await world.onServer('DROP TABLESPACE small');
    }
  },
};

export const postgresFaults: readonly Fault[] = [
  killed(3, 'short'),
  killed(20, 'full'),
  silent(60, 'full'),
  restarted,
  slowness({ name: 'PostgreSQL slow: 100 ms each way', form: 'full', component: 'postgres', seconds: 15, delayMs: 100 }),
  readOnly,
  tooFewConnections,
  diskFull,
  // The last one: the first server is gone for good after it.
  failedOver,
];
