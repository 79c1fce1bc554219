import { createShardLeases } from '../../../src/adapters/postgres/shardLeases';
import { shardLeasesContract } from '../../contract/shardLeases';
import { migrated, opened, SERVERS, type Source } from './opened';

describe.each(SERVERS)('shard leases on %s', (_name, start) => {
  let fresh: Source;
  beforeAll(async () => {
    fresh = await start();
  });
  shardLeasesContract(async () => {
    const url = await fresh();
    const leases = createShardLeases(await migrated(url));
    return { leases, others: [createShardLeases(await opened(url)), createShardLeases(await opened(url))] };
  });
});
