import { Column, Entity, Index, PrimaryColumn } from 'typeorm';

/** Who wants to be told of what, and where. */
@Entity('subscriptions')
export class SubscriptionRow {
  @PrimaryColumn('uuid', { primaryKeyConstraintName: 'subscriptions_pkey' })
  id!: string;

  @Column('text')
  @Index('subscriptions_name', { unique: true })
  name!: string;

  /** `webhook` or `email`. */
  @Column('text')
  channel!: string;

  @Column('text', { nullable: true })
  url!: string | null;

  @Column('text', { array: true })
  addresses!: string[];

  /** Signs what is sent to a webhook; null for e-mail. */
  @Column('text', { nullable: true })
  secret!: string | null;

  @Column('text', { array: true })
  events!: string[];

  @Column('text', { name: 'dag_name', nullable: true })
  dagName!: string | null;

  @Column('text', { array: true })
  tags!: string[];

  @Column('boolean')
  enabled!: boolean;

  @Column('text', { name: 'disabled_reason', nullable: true })
  disabledReason!: string | null;

  @Column('text', { nullable: true })
  by!: string | null;

  @Column({ type: 'timestamptz', name: 'created_at', precision: 3 })
  createdAt!: Date;

  @Column({ type: 'timestamptz', name: 'updated_at', precision: 3 })
  updatedAt!: Date;
}
