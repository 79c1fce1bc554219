import { Column, Entity, Index, PrimaryColumn } from 'typeorm';

/** An event told to a subscription, or to be told. */
@Entity('deliveries')
// A notice that is read again after a crash makes no second delivery.
@Index('deliveries_once', ['subscriptionId', 'event', 'subject'], { unique: true })
// take(): what is due, subscription by subscription.
@Index('deliveries_due', ['subscriptionId', 'dueAt'], { where: `state = 'PENDING'` })
@Index('deliveries_listed', ['subscriptionId', 'number'])
@Index('deliveries_created', ['createdAt'])
export class DeliveryRow {
  @PrimaryColumn('uuid', { primaryKeyConstraintName: 'deliveries_pkey' })
  id!: string;

  @Column({ type: 'bigint', generated: 'identity', generatedIdentity: 'BY DEFAULT' })
  number!: string;

  @Column('uuid', { name: 'subscription_id' })
  subscriptionId!: string;

  @Column('text')
  event!: string;

  @Column('text')
  subject!: string;

  @Column('text')
  title!: string;

  /** JSON text, the same at every attempt. */
  @Column('text')
  body!: string;

  /** PENDING, DELIVERED or FAILED. */
  @Column('text', { default: 'PENDING' })
  state!: string;

  @Column('integer', { default: 0 })
  attempt!: number;

  @Column({ type: 'timestamptz', name: 'created_at', precision: 3, default: () => 'now()' })
  createdAt!: Date;

  @Column({ type: 'timestamptz', name: 'due_at', precision: 3, nullable: true, default: () => 'now()' })
  dueAt!: Date | null;

  @Column({ type: 'timestamptz', name: 'tried_at', precision: 3, nullable: true })
  triedAt!: Date | null;

  @Column({ type: 'timestamptz', name: 'ended_at', precision: 3, nullable: true })
  endedAt!: Date | null;

  @Column('integer', { nullable: true })
  status!: number | null;

  @Column('text', { nullable: true })
  answer!: string | null;
}
