/** Everything that makes the schema: what TypeORM compares with the database, and the steps that lead there. */
import { Attempt } from './entities/attempt';
import { CommandRow } from './entities/command';
import { Dag } from './entities/dag';
import { DagEvent } from './entities/dagEvent';
import { DeadLetter } from './entities/deadLetter';
import { Gate } from './entities/gate';
import { GateEvent } from './entities/gateEvent';
import { IdempotencyKey } from './entities/idempotencyKey';
import { Limit } from './entities/limit';
import { Removal } from './entities/removal';
import { ScalingRow } from './entities/scaling';
import { Scheduler } from './entities/scheduler';
import { Shard } from './entities/shard';
import { Task } from './entities/task';
import { MIGRATIONS } from './migrations';

export const ENTITIES = [
  Dag,
  Task,
  Shard,
  Scheduler,
  IdempotencyKey,
  CommandRow,
  Attempt,
  DeadLetter,
  DagEvent,
  Gate,
  GateEvent,
  Limit,
  Removal,
  ScalingRow,
] as const;
export { MIGRATIONS };
