import { Column, Entity, PrimaryColumn } from 'typeorm';

/** A shard of the log: who owns it, under which epoch, and up to where its log is applied. */
@Entity('shards')
export class Shard {
  @PrimaryColumn('smallint', { primaryKeyConstraintName: 'shards_pkey' })
  id!: number;

  @Column('text', { nullable: true })
  owner!: string | null;

  /** Raised by one with every takeover: a commit under an older one changes nothing. */
  @Column('bigint', { default: 0 })
  epoch!: string;

  @Column({ type: 'timestamptz', name: 'lease_until', nullable: true })
  leaseUntil!: Date | null;

  @Column('bigint', { name: 'next_offset', default: 0 })
  nextOffset!: string;

  /** Timestamp (milliseconds) and hash of the record before `nextOffset`. */
  @Column('bigint', { name: 'last_timestamp', nullable: true })
  lastTimestamp!: string | null;

  @Column('text', { name: 'last_hash', nullable: true })
  lastHash!: string | null;
}
