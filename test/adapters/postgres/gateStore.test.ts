import { createGateStore } from '../../../src/adapters/postgres/gateStore';
import type { Database } from '../../../src/adapters/postgres/database';
import { gatesContract } from '../../contract/gates';
import { migrated, SERVERS } from './opened';

describe.each(SERVERS)('gates on %s', (_name, start) => {
  let database: Database | undefined;
  gatesContract(async () => {
    database ??= await migrated(await (await start())());
    await database.engine.query('DELETE FROM gates');
    return createGateStore(database);
  });
});
