import type { Pool } from 'pg';
import { createCommit } from '../../../src/adapters/postgres/commits';
import { createRunStore } from '../../../src/adapters/postgres/runStore';
import { createShardLeases } from '../../../src/adapters/postgres/shardLeases';
import { batch, dagChange, plannedDag, taskChange } from '../../contract/records';
import { migrated, SERVERS } from './opened';

jest.setTimeout(60_000);

const DAGS = 2_000;

/** How often this connection read the tables from their beginning to their end, as far as it hasn't told the server's statistics yet. */
const WHOLE_READS = `SELECT relname, seq_scan::integer AS reads FROM pg_stat_xact_user_tables WHERE relname ~ '^(tasks|dags)' ORDER BY relname`;

describe.each(SERVERS)('commits on %s', (_name, start) => {
  test('go by the primary keys, also where their plan was made while the tables were nearly empty', async () => {
    const database = await migrated(await (await start())());
    const leases = createShardLeases(database);
    await leases.define(1);
    const shards = await leases.acquire('plans', 60_000, 1);
    const client = await database.engine.connect();
    try {
      // One connection, so that the plan of the first commit is the plan of all.
      const commit = createCommit(client as unknown as Pool);
      const dags = Array.from({ length: DAGS }, () => plannedDag({ shard: 0 }));
      const changes = (some: typeof dags) => ({
        tasks: some.flatMap((dag) => [0, 1].map((task) => taskChange(dag, task))),
        dags: some.map((dag) => dagChange(dag)),
      });
      const store = createRunStore(database);
      const admit = (some: typeof dags) => store.admit(some.map((dag) => ({ dag, idempotency: null })));
      await admit(dags.slice(0, 1));
      await commit(batch(shards, changes(dags.slice(0, 1))));
      for (let i = 1; i < DAGS; i += 500) await admit(dags.slice(i, i + 500));
      await client.query('BEGIN');
      const { rows: before } = await client.query(WHOLE_READS);
      await commit(batch(shards, changes(dags.slice(1_000, 1_020))));
      const { rows: after } = await client.query(WHOLE_READS);
      expect(after).toEqual(before);
      await client.query('ROLLBACK');
    } finally {
      client.release();
    }
  });
});
