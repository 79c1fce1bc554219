import { Column, Entity, PrimaryColumn } from 'typeorm';

/** A scheduler that renewed its lease lately: what shards are divided by. */
@Entity('schedulers')
export class Scheduler {
  @PrimaryColumn('text', { primaryKeyConstraintName: 'schedulers_pkey' })
  id!: string;

  @Column({ type: 'timestamptz', name: 'lease_until' })
  leaseUntil!: Date;
}
