import { Column, Entity, PrimaryColumn } from 'typeorm';

/** What isn't dispatched for the time being: paused by hand, or in quarantine because it failed everywhere. */
@Entity('gates')
export class Gate {
  /** `all` or `type`. */
  @PrimaryColumn('text', { primaryKeyConstraintName: 'gates_pkey' })
  scope!: string;

  /** The task type; empty for all. */
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
}
