import { Column, Entity, PrimaryColumn } from 'typeorm';

/** What was done to a gate: a line in the history of each DAG that it stood before. Numbered together with `dag_events`. */
@Entity('gate_events')
export class GateEvent {
  @PrimaryColumn('bigint', { primaryKeyConstraintName: 'gate_events_pkey' })
  id!: string;

  @Column({ type: 'timestamptz', precision: 3 })
  at!: Date;

  @Column('text')
  kind!: string;

  /** As in `gates`. */
  @Column('text')
  scope!: string;

  @Column('text')
  name!: string;

  @Column('text')
  state!: string;

  @Column('text', { nullable: true })
  by!: string | null;

  @Column('text', { nullable: true })
  reason!: string | null;

  @Column({ type: 'timestamptz', precision: 3, nullable: true })
  until!: Date | null;
}
