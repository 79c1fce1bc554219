import { createLimitStore } from '../../../src/adapters/postgres/limitStore';
import type { Database } from '../../../src/adapters/postgres/database';
import { limitsContract } from '../../contract/limits';
import { migrated, SERVERS } from './opened';

describe.each(SERVERS)('limits on %s', (_name, start) => {
  let database: Database | undefined;
  limitsContract(async () => {
    database ??= await migrated(await (await start())());
    await database.engine.query('DELETE FROM limits');
    return createLimitStore(database);
  });
});
