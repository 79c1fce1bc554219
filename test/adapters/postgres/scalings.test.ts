import type { Database } from '../../../src/adapters/postgres/database';
import { createScalingHistory } from '../../../src/adapters/postgres/scalings';
import { scalingsContract } from '../../contract/scalings';
import { migrated, SERVERS } from './opened';

describe.each(SERVERS)('scalings on %s', (_name, start) => {
  let database: Database | undefined;
  const open = async () => {
    database ??= await migrated(await (await start())());
    await database.engine.query('DELETE FROM scalings');
    return createScalingHistory(database);
  };
  scalingsContract(open);

  test('a cursor that names no row is the end of the list', async () => {
    expect(await (await open()).scalings(10, 'x')).toEqual([]);
  });
});
