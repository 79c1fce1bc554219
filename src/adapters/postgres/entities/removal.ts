import { Column, Entity, PrimaryColumn } from 'typeorm';

/** A DAG that was deleted and whose other rows are still being deleted, slice by slice. */
@Entity('removals')
export class Removal {
  @PrimaryColumn('uuid', { name: 'dag_id', primaryKeyConstraintName: 'removals_pkey' })
  dagId!: string;

  @Column({ type: 'timestamptz', name: 'requested_at', precision: 3, default: () => 'clock_timestamp()' })
  requestedAt!: Date;
}
