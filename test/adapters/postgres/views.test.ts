import { createChangedRows } from '../../../src/adapters/postgres/changedRows';
import { createDagViews } from '../../../src/adapters/postgres/dagViews';
import { createRunStore } from '../../../src/adapters/postgres/runStore';
import { createShardLeases } from '../../../src/adapters/postgres/shardLeases';
import { createTaskViews } from '../../../src/adapters/postgres/taskViews';
import { createWorkIndex } from '../../../src/adapters/postgres/workIndex';
import { viewsContract } from '../../contract/views';
import { migrated, SERVERS, type Source } from './opened';

describe.each(SERVERS)('views on %s', (_name, start) => {
  let fresh: Source;
  beforeAll(async () => {
    fresh = await start();
  });
  viewsContract(async () => {
    const database = await migrated(await fresh());
    return {
      store: createRunStore(database),
      work: createWorkIndex(database),
      leases: createShardLeases(database),
      dags: createDagViews(database),
      tasks: createTaskViews(database),
      changed: createChangedRows(database),
    };
  });
});
