import { Column, Entity, PrimaryGeneratedColumn } from 'typeorm';

/** A decision of the autoscaler that changed something, or would have. */
@Entity('scalings')
export class ScalingRow {
  @PrimaryGeneratedColumn('identity', { type: 'bigint', primaryKeyConstraintName: 'scalings_pkey', generatedIdentity: 'BY DEFAULT' })
  id!: string;

  /** Of the lead under which it was decided: an earlier leader writes nothing any more. */
  @Column('bigint')
  fence!: string;

  @Column({ type: 'timestamptz', precision: 3 })
  at!: Date;

  @Column('text')
  scheduler!: string;

  @Column('text')
  driver!: string;

  @Column('boolean', { name: 'dry_run' })
  dryRun!: boolean;

  /** Workers that counted then. */
  @Column('integer')
  before!: number;

  @Column('integer')
  wanted!: number;

  @Column('text')
  direction!: string;

  @Column('text')
  reason!: string;

  @Column('text', { nullable: true })
  done!: string | null;

  @Column('text', { nullable: true })
  error!: string | null;
}
