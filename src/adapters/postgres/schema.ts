/** Everything that makes the schema: what TypeORM compares with the database, and the steps that lead there. */
import { Dag } from './entities/dag';
import { IdempotencyKey } from './entities/idempotencyKey';
import { Scheduler } from './entities/scheduler';
import { Shard } from './entities/shard';
import { Task } from './entities/task';
import { MIGRATIONS } from './migrations';

export const ENTITIES = [Dag, Task, Shard, Scheduler, IdempotencyKey] as const;
export { MIGRATIONS };
