import { Column, Entity, Index, PrimaryColumn } from 'typeorm';

/** By which the clock submits DAGs. */
@Entity('schedules')
// due(): the sweep reads nothing but this index; what is paused, or has no time any more, isn't in it.
@Index('schedules_due', ['nextDueAt', 'scheduleId'], { where: 'next_due_at IS NOT NULL' })
export class ScheduleRow {
  @PrimaryColumn('uuid', { name: 'schedule_id', primaryKeyConstraintName: 'schedules_pkey' })
  scheduleId!: string;

  @Column({ type: 'text', collation: 'C' })
  @Index('schedules_name', { unique: true })
  name!: string;

  @Column('text')
  cron!: string;

  @Column('text', { name: 'time_zone' })
  timeZone!: string;

  /** JSON text of the DAG that it submits. */
  @Column('text')
  document!: string;

  @Column('text', { name: 'dag_name' })
  dagName!: string;

  @Column('text')
  overlap!: string;

  @Column('text', { name: 'catch_up' })
  catchUp!: string;

  @Column('integer', { name: 'catch_up_limit' })
  catchUpLimit!: number;

  @Column('double precision', { name: 'jitter_seconds' })
  jitterSeconds!: number;

  @Column('boolean')
  paused!: boolean;

  @Column('text', { nullable: true })
  note!: string | null;

  @Column('text', { nullable: true })
  by!: string | null;

  @Column('text', { nullable: true })
  reason!: string | null;

  @Column({ type: 'timestamptz', name: 'created_at', precision: 3 })
  createdAt!: Date;

  @Column({ type: 'timestamptz', name: 'updated_at', precision: 3 })
  updatedAt!: Date;

  /** The time that fires next; null while it is paused, and where none comes any more. */
  @Column({ type: 'timestamptz', name: 'next_fire_at', precision: 3, nullable: true })
  nextFireAt!: Date | null;

  /** When that is due: behind it by the delay that the jitter gives this schedule. */
  @Column({ type: 'timestamptz', name: 'next_due_at', precision: 3, nullable: true })
  nextDueAt!: Date | null;

  /** Of the last firing that was submitted. */
  @Column({ type: 'timestamptz', name: 'last_fire_at', precision: 3, nullable: true })
  lastFireAt!: Date | null;

  @Column('uuid', { name: 'last_dag_id', nullable: true })
  lastDagId!: string | null;

  /** Grows with each change and each firing: whoever decides by an older one changes nothing. */
  @Column('integer', { default: 0 })
  version!: number;
}

/** A time of a schedule that has come, and what became of it. Its key is why no restart and no second scheduler fires twice. */
@Entity('schedule_firings')
// waiting(): what is to be submitted yet.
@Index('schedule_firings_due', ['dueAt'], { where: `state = 'DUE'` })
// trigger(): a request by hand that is made again.
@Index('schedule_firings_request', ['scheduleId', 'requestKey'], { unique: true, where: 'request_key IS NOT NULL' })
export class ScheduleFiring {
  @PrimaryColumn('uuid', { name: 'schedule_id', primaryKeyConstraintName: 'schedule_firings_pkey' })
  scheduleId!: string;

  @PrimaryColumn({ type: 'timestamptz', name: 'fire_time', precision: 3, primaryKeyConstraintName: 'schedule_firings_pkey' })
  fireTime!: Date;

  @Column('text')
  cause!: string;

  @Column('text')
  state!: string;

  @Column({ type: 'timestamptz', name: 'due_at', precision: 3 })
  dueAt!: Date;

  @Column({ type: 'timestamptz', name: 'settled_at', precision: 3, nullable: true })
  settledAt!: Date | null;

  @Column('uuid', { name: 'dag_id', nullable: true })
  dagId!: string | null;

  @Column('text', { nullable: true })
  reason!: string | null;

  @Column('text', { nullable: true })
  by!: string | null;

  /** The Idempotency-Key of the request by hand. */
  @Column('text', { name: 'request_key', nullable: true })
  requestKey!: string | null;
}
