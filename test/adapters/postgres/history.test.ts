import { createCommandStore } from '../../../src/adapters/postgres/commandStore';
import { createDagViews } from '../../../src/adapters/postgres/dagViews';
import { createDeadLetterOutbox } from '../../../src/adapters/postgres/deadLetterOutbox';
import { createDeadLetterStore, createDeadLetterViews } from '../../../src/adapters/postgres/deadLetters';
import { createGateStore } from '../../../src/adapters/postgres/gateStore';
import { createHistoryViews } from '../../../src/adapters/postgres/historyViews';
import { createDagRemoval } from '../../../src/adapters/postgres/removal';
import { createRunStore } from '../../../src/adapters/postgres/runStore';
import { createShardLeases } from '../../../src/adapters/postgres/shardLeases';
import { createTaskViews } from '../../../src/adapters/postgres/taskViews';
import { createWorkIndex } from '../../../src/adapters/postgres/workIndex';
import { historyContract } from '../../contract/history';
import { plannedDag } from '../../contract/records';
import { migrated, SERVERS } from './opened';

describe.each(SERVERS)('history on %s', (_name, start) => {
  historyContract(async () => {
    const database = await migrated(await (await start())());
    const tasks = createTaskViews(database);
    return {
      store: createRunStore(database),
      work: createWorkIndex(database),
      leases: createShardLeases(database),
      commands: createCommandStore(database),
      history: createHistoryViews(database),
      letters: createDeadLetterViews(database, tasks),
      letterStore: createDeadLetterStore(database),
      outbox: createDeadLetterOutbox(database),
      gates: createGateStore(database),
      removal: createDagRemoval(database),
      dags: createDagViews(database),
      tasks,
    };
  });
});

test('a process that dies while it deletes leaves nothing for ever: what is left is found and deleted', async () => {
  const database = await migrated(await (await SERVERS[0]![1]())());
  const dag = plannedDag(
    {},
    Array.from({ length: 12_000 }, () => []),
  );
  await createRunStore(database).admit([{ dag, idempotency: null }]);
  await database.engine.query('DELETE FROM dags');
  await database.engine.query('INSERT INTO removals (dag_id) VALUES ($1)', [dag.dagId]);
  const removal = createDagRemoval(database);
  expect(await removal.clearRemoved(10)).toBe(1);
  expect(await removal.clearRemoved(10)).toBe(0);
  expect((await database.engine.query('SELECT 1 FROM tasks')).rowCount).toBe(0);
});
