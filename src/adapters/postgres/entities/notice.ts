import { Column, Entity, PrimaryGeneratedColumn } from 'typeorm';

/** Something to be told that isn't yet turned into deliveries: gone within moments. */
@Entity('notices')
export class NoticeRow {
  @PrimaryGeneratedColumn('identity', { type: 'bigint', primaryKeyConstraintName: 'notices_pkey', generatedIdentity: 'BY DEFAULT' })
  id!: string;

  /** A NoticeEvent. */
  @Column('text')
  event!: string;

  @Column({ type: 'timestamptz', precision: 3 })
  at!: Date;

  /** Null for a record that can't be decoded. */
  @Column('uuid', { name: 'dag_id', nullable: true })
  dagId!: string | null;

  /** JSON text of a DagEnd. */
  @Column('text', { nullable: true })
  facts!: string | null;

  @Column('bigint', { name: 'letter_id', nullable: true })
  letterId!: string | null;
}
