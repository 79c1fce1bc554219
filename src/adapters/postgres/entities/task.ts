import { Column, Entity, Index, PrimaryColumn } from 'typeorm';

/**
 * A task. Its row is inserted once and, in the ordinary case, updated once, in place (HOT): no index may hold or mention
 * a column that changes for an ordinary task, or every update writes all indexes again. `createdAt` is its DAG's.
 */
@Entity('tasks')
// due(): the sweep of waits. due_at stays NULL for a task that never waits, so an ordinary task isn't in here.
@Index('tasks_due', ['dueAt'], { where: 'due_at IS NOT NULL' })
export class Task {
  @PrimaryColumn('uuid', { name: 'dag_id', primaryKeyConstraintName: 'tasks_pkey' })
  dagId!: string;

  @PrimaryColumn('integer', { primaryKeyConstraintName: 'tasks_pkey' })
  index!: number;

  @Column('smallint')
  shard!: number;

  @Column('smallint')
  priority!: number;

  @Column('integer', { name: 'max_retries' })
  maxRetries!: number;

  @Column('double precision', { name: 'timeout_seconds', nullable: true })
  timeoutSeconds!: number | null;

  @Column('text')
  name!: string;

  @Column('text')
  type!: string;

  /** Indexes of tasks in the same DAG, in the order submitted. */
  @Column('integer', { array: true })
  dependencies!: number[];

  @Column('text', { array: true })
  tags!: string[];

  /** JSON text of a Backoff. */
  @Column('text')
  backoff!: string;

  /** JSON text of a Simulation. */
  @Column('text', { nullable: true })
  simulate!: string | null;

  /** JSON text, never jsonb: that refuses some valid JSON (\u0000, lone surrogates, 1e200000). */
  @Column('text', { nullable: true })
  payload!: string | null;

  @Column('text')
  status!: string;

  @Column('integer', { default: 0 })
  attempt!: number;

  @Column('integer', { default: 0 })
  dispatch!: number;

  @Column('integer', { default: 0 })
  losses!: number;

  @Column('text', { nullable: true })
  worker!: string | null;

  @Column('text', { nullable: true })
  session!: string | null;

  @Column('bigint', { nullable: true })
  fence!: string | null;

  @Column({ type: 'timestamptz', name: 'queued_at', precision: 3, nullable: true })
  queuedAt!: Date | null;

  @Column({ type: 'timestamptz', name: 'dispatched_at', precision: 3, nullable: true })
  dispatchedAt!: Date | null;

  @Column({ type: 'timestamptz', name: 'started_at', precision: 3, nullable: true })
  startedAt!: Date | null;

  @Column({ type: 'timestamptz', name: 'completed_at', precision: 3, nullable: true })
  completedAt!: Date | null;

  @Column({ type: 'timestamptz', name: 'due_at', precision: 3, nullable: true })
  dueAt!: Date | null;

  @Column('bigint', { name: 'blocked_ms', default: 0 })
  blockedMs!: string;

  @Column('bigint', { name: 'queued_ms', default: 0 })
  queuedMs!: string;

  @Column('bigint', { name: 'dispatched_ms', default: 0 })
  dispatchedMs!: string;

  @Column('bigint', { name: 'running_ms', default: 0 })
  runningMs!: string;

  @Column('bigint', { name: 'retry_wait_ms', default: 0 })
  retryWaitMs!: string;

  /** 0 to 1. */
  @Column('real', { nullable: true })
  progress!: number | null;

  /** JSON text of the handler's result. */
  @Column('text', { nullable: true })
  result!: string | null;

  /** JSON text of a TaskError. */
  @Column('text', { nullable: true })
  error!: string | null;

  /** JSON text of the handler's last checkpoint. */
  @Column('text', { nullable: true })
  checkpoint!: string | null;

  /** Which checkpoint it is: of which grant, and its number in that. */
  @Column('bigint', { name: 'checkpoint_fence', nullable: true })
  checkpointFence!: string | null;

  @Column('integer', { name: 'checkpoint_sequence', nullable: true })
  checkpointSequence!: number | null;

  /** JSON text of TaskOptions; few tasks have any. */
  @Column('text', { nullable: true })
  options!: string | null;

  /** JSON text of a TaskReason. */
  @Column('text', { nullable: true })
  reason!: string | null;

  /** JSON text of a BudgetUse. */
  @Column('text', { nullable: true })
  budgets!: string | null;
}
