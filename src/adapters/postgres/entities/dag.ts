import { Column, Entity, Index, PrimaryGeneratedColumn } from 'typeorm';

/**
 * A submitted DAG. `id` is the number that clients see and the order of every list; `dagId` is what the engine uses.
 * Every change of status writes all indexes of the row once more, so there are few of them.
 */
@Entity('dags')
// liveDags(): a takeover reads a shard's live DAGs, oldest first, and none of the finished ones.
@Index('dags_live', ['shard', 'id'], { where: `status IN ('CREATED', 'RUNNING', 'PAUSED')` })
// createdDags(): what a hint may have missed, by time.
@Index('dags_created', ['createdAt', 'id'], { where: `status = 'CREATED'` })
// dueDags(): the sweep of DAGs whose own time is over.
@Index('dags_due', ['dueAt'], { where: `due_at IS NOT NULL AND status IN ('CREATED', 'RUNNING', 'PAUSED')` })
// noteLate(): DAGs that said by when they should be over, until that was looked at.
@Index('dags_late', ['lateAt'], { where: 'late_at IS NOT NULL AND late_checked_at IS NULL' })
// The list by status: completed DAGs are found by walking back, these are rare.
@Index('dags_ended_badly', ['id'], { where: `status IN ('FAILED', 'CANCELLED')` })
// The list by time of creation: nearly free to keep, as rows are stored in that order.
@Index('dags_created_at', ['createdAt'], { type: 'brin' })
// The list by tag; a DAG without tags doesn't pay for it.
@Index('dags_tags', ['tags'], { type: 'gin', where: `tags <> '{}'` })
// The list by schedule, and whether one of a schedule's DAGs is live; only DAGs of schedules pay for these.
@Index('dags_schedule', ['scheduleId', 'id'], { where: 'schedule_id IS NOT NULL' })
@Index('dags_schedule_live', ['scheduleId'], { where: `schedule_id IS NOT NULL AND status IN ('CREATED', 'RUNNING', 'PAUSED')` })
// The list by name or prefix, over left(name, 64): whole names may be longer than an index row can be.
@Index('dags_name', { synchronize: false })
export class Dag {
  @PrimaryGeneratedColumn('identity', { type: 'bigint', primaryKeyConstraintName: 'dags_pkey', generatedIdentity: 'BY DEFAULT' })
  id!: string;

  @Column('uuid', { name: 'dag_id' })
  @Index('dags_dag_id', { unique: true })
  dagId!: string;

  @Column('smallint')
  shard!: number;

  @Column('text')
  name!: string;

  @Column('text', { nullable: true })
  description!: string | null;

  @Column('text')
  status!: string;

  @Column('text', { array: true })
  tags!: string[];

  @Column('integer', { name: 'total_tasks' })
  totalTasks!: number;

  @Column('integer', { name: 'completed_tasks', default: 0 })
  completedTasks!: number;

  @Column('integer', { name: 'failed_tasks', default: 0 })
  failedTasks!: number;

  @Column('integer', { name: 'skipped_tasks', default: 0 })
  skippedTasks!: number;

  @Column('integer', { name: 'cancelled_tasks', default: 0 })
  cancelledTasks!: number;

  @Column({ type: 'timestamptz', name: 'created_at', precision: 3 })
  createdAt!: Date;

  @Column({ type: 'timestamptz', name: 'started_at', precision: 3, nullable: true })
  startedAt!: Date | null;

  @Column({ type: 'timestamptz', name: 'completed_at', precision: 3, nullable: true })
  completedAt!: Date | null;

  /** JSON text of a DagReason. */
  @Column('text', { nullable: true })
  reason!: string | null;

  /** When it is ended if it isn't final by then. */
  @Column({ type: 'timestamptz', name: 'due_at', precision: 3, nullable: true })
  dueAt!: Date | null;

  /** When it counts as late if it isn't final by then. */
  @Column({ type: 'timestamptz', name: 'late_at', precision: 3, nullable: true })
  lateAt!: Date | null;

  /** When that time was found to have come: it is looked at once. */
  @Column({ type: 'timestamptz', name: 'late_checked_at', precision: 3, nullable: true })
  lateCheckedAt!: Date | null;

  /** JSON text of TaskDefaults; null where it said nothing for its tasks. */
  @Column('text', { nullable: true })
  defaults!: string | null;

  /** How many of its tasks may run at once; null for any number. */
  @Column('integer', { name: 'max_running', nullable: true })
  maxRunning!: number | null;

  /** For whom it runs; null where its name stands for that. */
  @Column('text', { nullable: true })
  tenant!: string | null;

  /** Which of its ready tasks go first; null for first come, first served. */
  @Column('text', { name: 'task_order', nullable: true })
  taskOrder!: string | null;

  /** The schedule that submitted it, and the time of it; null where somebody else did. */
  @Column('uuid', { name: 'schedule_id', nullable: true })
  scheduleId!: string | null;

  @Column({ type: 'timestamptz', name: 'scheduled_for', precision: 3, nullable: true })
  scheduledFor!: Date | null;

  /** Its trace: the context of its root span, and the client's span above it; null where it has none. */
  @Column('text', { nullable: true })
  trace!: string | null;

  /** How often its graph was changed. */
  @Column('integer', { default: 0 })
  version!: number;
}
