import { Column, Entity, Index, PrimaryGeneratedColumn } from 'typeorm';

/** A line of a DAG's history. */
@Entity('dag_events')
@Index('dag_events_dag', ['dagId', 'id'])
export class DagEvent {
  @PrimaryGeneratedColumn('identity', { type: 'bigint', primaryKeyConstraintName: 'dag_events_pkey', generatedIdentity: 'BY DEFAULT' })
  id!: string;

  @Column('uuid', { name: 'dag_id' })
  dagId!: string;

  @Column({ type: 'timestamptz', precision: 3 })
  at!: Date;

  @Column('text')
  kind!: string;

  /** The task that it happened to; null for the DAG itself. */
  @Column('integer', { nullable: true })
  index!: number | null;

  @Column('text', { nullable: true })
  by!: string | null;

  @Column('text', { nullable: true })
  message!: string | null;
}
