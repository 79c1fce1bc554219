import { createCommandStore } from '../../../src/adapters/postgres/commandStore';
import { createRunStore } from '../../../src/adapters/postgres/runStore';
import { createShardLeases } from '../../../src/adapters/postgres/shardLeases';
import { createWorkIndex } from '../../../src/adapters/postgres/workIndex';
import { commandsContract } from '../../contract/commands';
import { migrated, SERVERS } from './opened';

describe.each(SERVERS)('commands on %s', (_name, start) => {
  commandsContract(async () => {
    const database = await migrated(await (await start())());
    return {
      store: createRunStore(database),
      work: createWorkIndex(database),
      leases: createShardLeases(database),
      commands: createCommandStore(database),
    };
  });
});
