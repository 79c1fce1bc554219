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
] as const;
