import { Column, Entity, Index, PrimaryColumn } from 'typeorm';

/** Copied for each column: TypeORM writes the column's type into it. */
const PKEY = { primaryKeyConstraintName: 'task_logs_pkey' } as const;

/** A chunk of the log of an attempt. */
@Entity('task_logs')
export class TaskLog {
  @PrimaryColumn('uuid', { name: 'dag_id', ...PKEY })
  dagId!: string;

  @PrimaryColumn('integer', { ...PKEY })
  index!: number;

  /** Of the grant under which the attempt ran. */
  @PrimaryColumn('bigint', { ...PKEY })
  fence!: string;

  /** The number of its first line within the attempt. */
  @PrimaryColumn('integer', { ...PKEY })
  first!: number;

  /** In the order in which chunks came. */
  @Column({ type: 'bigint', generated: 'identity', generatedIdentity: 'BY DEFAULT' })
  id!: string;

  @Column('integer')
  attempt!: number;

  @Column('text')
  worker!: string;

  /** Its lines; 0 where only the end is told. */
  @Column('integer')
  count!: number;

  /** Bytes of the attempt before it. */
  @Column('bigint')
  position!: string;

  @Column('integer')
  bytes!: number;

  @Column('boolean')
  ended!: boolean;

  @Column({ name: 'stored_at', type: 'timestamptz', precision: 3 })
  @Index('task_logs_stored')
  storedAt!: Date;

  /** JSON text: an array of packed lines (core/logLine). */
  @Column('text')
  lines!: string;
}

/** How far a shard's part of the topic was read. */
@Entity('task_log_places')
export class TaskLogPlace {
  @PrimaryColumn('integer', { primaryKeyConstraintName: 'task_log_places_pkey' })
  shard!: number;

  @Column('bigint')
  next!: string;
}
