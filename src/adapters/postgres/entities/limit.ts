import { Column, Entity, PrimaryColumn } from 'typeorm';

/** How much may run at once, or begin in a second, in the whole cluster. */
@Entity('limits')
export class Limit {
  /** `pool`, `type` or `rate`. */
  @PrimaryColumn('text', { primaryKeyConstraintName: 'limits_pkey' })
  scope!: string;

  /** The pool, the task type, or the name that tasks give a rate. */
  @PrimaryColumn('text', { primaryKeyConstraintName: 'limits_pkey' })
  name!: string;

  /** Of a pool or a type. */
  @Column('integer', { name: 'max_running', nullable: true })
  maxRunning!: number | null;

  /** Of a rate, as the next one. */
  @Column('double precision', { name: 'per_second', nullable: true })
  perSecond!: number | null;

  @Column('integer', { nullable: true })
  burst!: number | null;

  @Column('text', { nullable: true })
  reason!: string | null;

  @Column('text', { nullable: true })
  by!: string | null;

  @Column({ type: 'timestamptz', name: 'updated_at', precision: 3 })
  updatedAt!: Date;
}
