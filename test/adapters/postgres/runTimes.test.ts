import { createRunTimeStore } from '../../../src/adapters/postgres/runTimes';
import type { Database } from '../../../src/adapters/postgres/database';
import { runTimesContract } from '../../contract/runTimes';
import { migrated, SERVERS } from './opened';

describe.each(SERVERS)('run times on %s', (_name, start) => {
  let database: Database | undefined;
  runTimesContract(async () => {
    database ??= await migrated(await (await start())());
    await database.engine.query('DELETE FROM run_times');
    return createRunTimeStore(database);
  });
});
