import { Column, Entity, PrimaryColumn } from 'typeorm';

/** What isn't dispatched for the time being: paused by hand, or in quarantine because it failed everywhere. */
@Entity('gates')
export class Gate {
  /** `all`, `type` or `pool`. */
  @PrimaryColumn('text', { primaryKeyConstraintName: 'gates_pkey' })
  scope!: string;

  /** The task type or the pool; empty for all. */
  @PrimaryColumn('text', { primaryKeyConstraintName: 'gates_pkey' })
  name!: string;

  /** PAUSED or QUARANTINED: a type may be both, and each ends by itself. */
  @PrimaryColumn('text', { primaryKeyConstraintName: 'gates_pkey' })
  state!: string;

  @Column('text', { nullable: true })
  reason!: string | null;

  @Column('text', { nullable: true })
  by!: string | null;

  @Column({ type: 'timestamptz', precision: 3, nullable: true })
  until!: Date | null;

  @Column({ type: 'timestamptz', name: 'created_at', precision: 3, default: () => 'now()' })
  createdAt!: Date;

  /** Kept for a while after its end: what waited behind it is no sign that there was no worker. */
  @Column({ type: 'timestamptz', name: 'ended_at', precision: 3, nullable: true })
  endedAt!: Date | null;

  /** How often the breaker tripped in a row: what whoever changes a quarantine compares. */
  @Column('integer', { default: 0 })
  trips!: number;
}
