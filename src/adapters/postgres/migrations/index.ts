/** All migrations, oldest first. A new one is generated from the entities and added at the end; released ones never change. */
import { Schema1764000000000 } from './1764000000000-Schema';
import { Storage1764000000001 } from './1764000000001-Storage';
import { CommitFunction1764000000002 } from './1764000000002-CommitFunction';
import { Control1764000000003 } from './1764000000003-Control';
import { CommitByIndex1764000000004 } from './1764000000004-CommitByIndex';
import { GateEnds1764000000005 } from './1764000000005-GateEnds';
import { CheckpointMarks1764000000006 } from './1764000000006-CheckpointMarks';
import { GateEvents1764000000007 } from './1764000000007-GateEvents';
import { TaskDefaults1764000000008 } from './1764000000008-TaskDefaults';
import { Limits1764000000009 } from './1764000000009-Limits';
import { Scalings1764000000012 } from './1764000000012-Scalings';
import { Tenants1764000000014 } from './1764000000014-Tenants';
import { RunTimes1764000000021 } from './1764000000021-RunTimes';
import { TaskLogs1764000000041 } from './1764000000041-TaskLogs';
import { Notifications1764000000045 } from './1764000000045-Notifications';
import { Schedules1764000000052 } from './1764000000052-Schedules';
import { Traces1764000000061 } from './1764000000061-Traces';
import { Months1764000000071 } from './1764000000071-Months';

export const MIGRATIONS = [
  Schema1764000000000,
  Storage1764000000001,
  CommitFunction1764000000002,
  Control1764000000003,
  CommitByIndex1764000000004,
  GateEnds1764000000005,
  CheckpointMarks1764000000006,
  GateEvents1764000000007,
  TaskDefaults1764000000008,
  Limits1764000000009,
  Scalings1764000000012,
  Tenants1764000000014,
  RunTimes1764000000021,
  TaskLogs1764000000041,
  Notifications1764000000045,
  Schedules1764000000052,
  Traces1764000000061,
  Months1764000000071,
] as const;
