import { createRunStore } from '../../../src/adapters/postgres/runStore';
import { createShardLeases } from '../../../src/adapters/postgres/shardLeases';
import { createWorkIndex } from '../../../src/adapters/postgres/workIndex';
import { inputsContract } from '../../contract/inputs';
import { storeContract } from '../../contract/store';
import { migrated, SERVERS } from './opened';

jest.setTimeout(60_000);

describe.each(SERVERS)('the store on %s', (_name, start) => {
  const open = async () => {
    const database = await migrated(await (await start())());
    return { store: createRunStore(database), work: createWorkIndex(database), leases: createShardLeases(database) };
  };
  storeContract(open);
  describe('inputs', () => {
    inputsContract(open);
  });
});
