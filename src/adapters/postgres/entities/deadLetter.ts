import { Column, Entity, Index, PrimaryGeneratedColumn } from 'typeorm';

/**
 * A task that gave up, or a record that can't be decoded. What lists and filters need stands here, so that they read one
 * table; payload, attempts and timing stay in the task's own rows.
 */
@Entity('dead_letters')
@Index('dead_letters_open', ['id'], { where: `state = 'OPEN'` })
// unpublishedDeadLetters(): what task-dlq hasn't got yet.
@Index('dead_letters_unpublished', ['shard', 'id'], { where: 'published_at IS NULL' })
// A task gives up once under each dispatch number; a DAG that is deleted takes its letters with it.
@Index('dead_letters_task', ['dagId', 'index', 'dispatch'], { unique: true, where: 'dag_id IS NOT NULL' })
// A record that is read again is the same letter.
@Index('dead_letters_record', ['place', 'offset', 'hash'], { unique: true, where: 'dag_id IS NULL' })
export class DeadLetter {
  @PrimaryGeneratedColumn('identity', { type: 'bigint', primaryKeyConstraintName: 'dead_letters_pkey', generatedIdentity: 'BY DEFAULT' })
  id!: string;

  /** Null for a record that can't be decoded, as are the columns that describe a task. */
  @Column('uuid', { name: 'dag_id', nullable: true })
  dagId!: string | null;

  @Column('integer', { nullable: true })
  index!: number | null;

  @Column('smallint')
  shard!: number;

  @Column('integer', { nullable: true })
  dispatch!: number | null;

  @Column('text', { name: 'dag_name', nullable: true })
  dagName!: string | null;

  @Column('text', { name: 'task_name', nullable: true })
  taskName!: string | null;

  @Column('text', { nullable: true })
  type!: string | null;

  /** A FailureKind, or UNDECODABLE. */
  @Column('text')
  kind!: string;

  /** JSON text of the TaskError that ended it. */
  @Column('text', { nullable: true })
  error!: string | null;

  @Column({ type: 'timestamptz', name: 'failed_at', precision: 3 })
  failedAt!: Date;

  /** OPEN, REPLAYED or DISCARDED. */
  @Column('text', { default: 'OPEN' })
  state!: string;

  @Column({ type: 'timestamptz', name: 'settled_at', precision: 3, nullable: true })
  settledAt!: Date | null;

  @Column('text', { name: 'settled_by', nullable: true })
  settledBy!: string | null;

  @Column({ type: 'timestamptz', name: 'published_at', precision: 3, nullable: true })
  publishedAt!: Date | null;

  /** Where the undecodable record lies: topic and partition. */
  @Column('text', { nullable: true })
  place!: string | null;

  @Column('bigint', { nullable: true })
  offset!: string | null;

  /** The record's first bytes, base64. */
  @Column('text', { nullable: true })
  raw!: string | null;

  /** Of all its bytes: a topic that was made again has another record at the same offset. */
  @Column('text', { nullable: true })
  hash!: string | null;
}
