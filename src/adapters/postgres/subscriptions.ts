/** Subscriptions as rows. */
import type { Pool, PoolClient } from 'pg';
import type { Channel, NoticeEvent, Subscription } from '../../core/notices';
import type { NewSubscription, SubscriptionChange, SubscriptionStore } from '../../ports/notices';
import { transaction } from './connections';
import type { Database } from './database';
import { reaching } from './failures';

// The secret is read by who sends alone.
const COLUMNS = 'id, name, channel, url, addresses, events, dag_name, tags, enabled, disabled_reason, by, created_at, updated_at';

interface Row {
  readonly id: string;
  readonly name: string;
  readonly channel: Channel;
  readonly url: string | null;
  readonly addresses: string[];
  readonly events: NoticeEvent[];
  readonly dag_name: string | null;
  readonly tags: string[];
  readonly enabled: boolean;
  readonly disabled_reason: string | null;
  readonly by: string | null;
  readonly created_at: Date;
  readonly updated_at: Date;
}

const subscriptionOf = ({
  dag_name: dagName,
  disabled_reason: disabledReason,
  created_at: created,
  updated_at: updated,
  ...row
}: Row): Subscription => ({
  ...row,
  dagName,
  disabledReason,
  createdAt: created.getTime(),
  updatedAt: updated.getTime(),
});

const ADD = `
  INSERT INTO subscriptions (${COLUMNS}, secret)
  VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, to_timestamp($12::double precision / 1000), to_timestamp($13::double precision / 1000), $14)
  ON CONFLICT (name) DO NOTHING`;

const add = async (client: PoolClient, given: NewSubscription, most: number): Promise<'added' | 'named alike' | 'too many'> => {
  // Whoever adds another one waits, so that the count holds.
  await client.query('LOCK TABLE subscriptions IN SHARE ROW EXCLUSIVE MODE');
  const { rows } = await client.query<{ count: number }>('SELECT count(*)::integer AS count FROM subscriptions');
  if (rows[0]!.count >= most) return 'too many';
  const { id, name, channel, url, addresses, events, dagName, tags, enabled, disabledReason, by, createdAt, updatedAt, secret } = given;
  const values = [id, name, channel, url, addresses, events, dagName, tags, enabled, disabledReason, by, createdAt, updatedAt, secret];
  return (await client.query(ADD, values)).rowCount === 1 ? 'added' : 'named alike';
};

const FIELDS: Readonly<Record<keyof SubscriptionChange, string>> = {
  name: 'name',
  url: 'url',
  addresses: 'addresses',
  events: 'events',
  dagName: 'dag_name',
  tags: 'tags',
  enabled: 'enabled',
  secret: 'secret',
};

const UNIQUE_VIOLATION = '23505';

const change = async (pool: Pool, id: string, given: SubscriptionChange, now: number): Promise<Subscription | 'named alike' | undefined> => {
  const fields = (Object.keys(FIELDS) as (keyof SubscriptionChange)[]).filter((field) => given[field] !== undefined);
  const sets = fields.map((field, i) => `${FIELDS[field]} = $${String(i + 3)}`);
  if (given.enabled !== undefined) sets.push('disabled_reason = NULL');
  sets.push('updated_at = to_timestamp($2::double precision / 1000)');
  const text = `UPDATE subscriptions SET ${sets.join(', ')} WHERE id = $1 RETURNING ${COLUMNS}`;
  try {
    const { rows } = await pool.query<Row>(text, [id, now, ...fields.map((field) => given[field])]);
    return rows.map(subscriptionOf)[0];
  } catch (error) {
    if ((error as { code?: unknown }).code === UNIQUE_VIOLATION) return 'named alike';
    throw error;
  }
};

const SLICE = 5_000;
const CLEAR = `DELETE FROM deliveries WHERE id = ANY (ARRAY(SELECT id FROM deliveries WHERE subscription_id = $1 LIMIT ${String(SLICE)}))`;

/** Makes the SubscriptionStore of an open, migrated database. */
export const createSubscriptionStore = ({ engine: pool }: Pick<Database, 'engine'>): SubscriptionStore => {
  const read = async (name: string, where: string, values: readonly unknown[]): Promise<Subscription[]> => {
    const text = `SELECT ${COLUMNS} FROM subscriptions ${where} ORDER BY created_at, id`;
    return (await pool.query<Row>({ name, text, values: [...values] })).rows.map(subscriptionOf);
  };
  return {
    subscriptions: () => reaching(() => read('subscriptions', '', [])),
    subscription: (id) => reaching(async () => (await read('subscription', 'WHERE id = $1', [id]))[0]),
    add: (subscription, most) => reaching(() => transaction(pool, (client) => add(client, subscription, most))),
    change: (id, given, now) => reaching(() => change(pool, id, given, now)),
    remove: (id) =>
      reaching(async () => {
        const { rows } = await pool.query<Row>(`DELETE FROM subscriptions WHERE id = $1 RETURNING ${COLUMNS}`, [id]);
        // What a crash leaves is sent nowhere, and removed when it is old.
        for (let deleted = SLICE; rows.length > 0 && deleted === SLICE;) deleted = (await pool.query(CLEAR, [id])).rowCount ?? 0;
        return rows.map(subscriptionOf)[0];
      }),
  };
};
