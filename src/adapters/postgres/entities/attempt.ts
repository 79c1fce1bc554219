import { Column, Entity, PrimaryColumn } from 'typeorm';

/** An attempt that didn't succeed. */
@Entity('attempts')
export class Attempt {
  @PrimaryColumn('uuid', { name: 'dag_id', primaryKeyConstraintName: 'attempts_pkey' })
  dagId!: string;

  @PrimaryColumn('integer', { primaryKeyConstraintName: 'attempts_pkey' })
  index!: number;

  @PrimaryColumn('integer', { primaryKeyConstraintName: 'attempts_pkey' })
  dispatch!: number;

  @Column('integer')
  attempt!: number;

  @Column('text', { nullable: true })
  worker!: string | null;

  @Column('text', { nullable: true })
  session!: string | null;

  @Column({ type: 'timestamptz', name: 'started_at', precision: 3, nullable: true })
  startedAt!: Date | null;

  @Column({ type: 'timestamptz', name: 'ended_at', precision: 3 })
  endedAt!: Date;

  /** JSON text of a TaskError. */
  @Column('text')
  error!: string;
}
