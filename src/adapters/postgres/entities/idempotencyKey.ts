import { Column, Entity, Index, PrimaryColumn } from 'typeorm';

/** A submission that a client may repeat: the first one's DAG, and what its body was. */
@Entity('idempotency_keys')
// A DAG that is deleted takes its key with it.
@Index('idempotency_keys_dag', ['dagId'])
export class IdempotencyKey {
  @PrimaryColumn('text', { primaryKeyConstraintName: 'idempotency_keys_pkey' })
  key!: string;

  @Column('text', { name: 'body_hash' })
  bodyHash!: string;

  @Column('uuid', { name: 'dag_id' })
  dagId!: string;

  @Column({ type: 'timestamptz', name: 'created_at', precision: 3, default: () => 'now()' })
  createdAt!: Date;
}
