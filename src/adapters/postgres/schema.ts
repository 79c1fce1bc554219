/** Everything that makes the schema: what TypeORM compares with the database, and the steps that lead there. */
import { Attempt } from './entities/attempt';
import { CommandRow } from './entities/command';
import { Dag } from './entities/dag';
import { DagEvent } from './entities/dagEvent';
import { DeadLetter } from './entities/deadLetter';
import { DeliveryRow } from './entities/delivery';
import { Gate } from './entities/gate';
import { GateEvent } from './entities/gateEvent';
import { IdempotencyKey } from './entities/idempotencyKey';
import { Limit } from './entities/limit';
import { NoticeRow } from './entities/notice';
import { Removal } from './entities/removal';
import { RunTimeRow } from './entities/runTime';
import { ScalingRow } from './entities/scaling';
import { ScheduleRow, ScheduleFiring } from './entities/schedule';
import { Scheduler } from './entities/scheduler';
import { Shard } from './entities/shard';
import { SubscriptionRow } from './entities/subscription';
import { Task } from './entities/task';
import { TaskLog, TaskLogPlace } from './entities/taskLog';
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
  RunTimeRow,
  TaskLog,
  TaskLogPlace,
  ScheduleRow,
  ScheduleFiring,
  SubscriptionRow,
  NoticeRow,
  DeliveryRow,
] as const;
export { MIGRATIONS };
