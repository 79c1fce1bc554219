import { Column, Entity, Index, PrimaryGeneratedColumn } from 'typeorm';

/** What somebody asked to be done to a DAG, and what became of it. */
@Entity('commands')
// pendingCommands(): the sweep of what was asked and isn't settled.
@Index('commands_pending', ['shard', 'id'], { where: 'outcome IS NULL' })
// settledCommands(): what a takeover must not apply again.
@Index('commands_settled', ['shard', 'settledAt'], { where: 'outcome IS NOT NULL' })
// A client's key names one command of its DAG.
@Index('commands_key', ['dagId', 'key'], { unique: true, where: 'key IS NOT NULL' })
@Index('commands_dag', ['dagId', 'id'])
export class CommandRow {
  @PrimaryGeneratedColumn('identity', { type: 'bigint', primaryKeyConstraintName: 'commands_pkey', generatedIdentity: 'BY DEFAULT' })
  id!: string;

  @Column('uuid', { name: 'dag_id' })
  dagId!: string;

  @Column('smallint')
  shard!: number;

  @Column('text')
  kind!: string;

  /** JSON text of a Command. */
  @Column('text')
  command!: string;

  @Column('text', { nullable: true })
  by!: string | null;

  @Column('text', { nullable: true })
  reason!: string | null;

  @Column({ type: 'timestamptz', name: 'not_before', precision: 3, nullable: true })
  notBefore!: Date | null;

  @Column('text', { nullable: true })
  key!: string | null;

  @Column({ type: 'timestamptz', name: 'requested_at', precision: 3, default: () => 'clock_timestamp()' })
  requestedAt!: Date;

  /** APPLIED or REFUSED; null while it waits. */
  @Column('text', { nullable: true })
  outcome!: string | null;

  @Column('text', { nullable: true })
  detail!: string | null;

  /** Tasks that it changed. */
  @Column('integer', { default: 0 })
  affected!: number;

  @Column({ type: 'timestamptz', name: 'settled_at', precision: 3, nullable: true })
  settledAt!: Date | null;
}
