import { Column, Entity, Index, PrimaryColumn } from 'typeorm';

/** How long tasks of a type, or a task of a DAG's name, took. */
@Entity('run_times')
export class RunTimeRow {
  /** A hash of both names, which may be longer than an index's row can be. */
  @PrimaryColumn('uuid', { primaryKeyConstraintName: 'run_times_pkey' })
  key!: string;

  /** Grows with each write: readers go on from the last one that they saw. */
  @Column({ type: 'bigint', generated: 'identity', generatedIdentity: 'BY DEFAULT' })
  @Index('run_times_version')
  version!: string;

  /** Null for a type. */
  @Column('text', { name: 'dag_name', nullable: true })
  dagName!: string | null;

  /** Of the type or of the task. */
  @Column('text')
  name!: string;

  @Column('double precision')
  samples!: number;

  @Column('double precision', { name: 'mean_ms' })
  meanMs!: number;

  /** JSON text: pairs of a bucket's number and its weight (core/quantiles); null for a task. */
  @Column('text', { nullable: true })
  buckets!: string | null;
}
