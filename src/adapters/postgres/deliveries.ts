/** Deliveries as rows: what is due is in the row, so that nothing is forgotten with a process. */
import type { Channel, ToldEvent } from '../../core/notices';
import type { DeliveryEnd, DeliveryState, DeliveryStore, DeliveryView, DeliveryViews, Room, TakenDelivery } from '../../ports/notices';
import type { Database } from './database';
import { reaching } from './failures';
import { deliveryValues, INSERT_DELIVERIES } from './notices';
import { isRowNumber } from './rowNumbers';

const COLUMNS = 'id, number, subscription_id, event, title, state, attempt, created_at, due_at, tried_at, ended_at, status, answer';

interface Row {
  readonly id: string;
  readonly number: string;
  readonly subscription_id: string;
  readonly event: ToldEvent;
  readonly title: string;
  readonly state: DeliveryState;
  readonly attempt: number;
  readonly created_at: Date;
  readonly due_at: Date | null;
  readonly tried_at: Date | null;
  readonly ended_at: Date | null;
  readonly status: number | null;
  readonly answer: string | null;
}

const viewOf = (row: Row): DeliveryView => ({
  id: row.id,
  number: row.number,
  subscription: row.subscription_id,
  event: row.event,
  title: row.title,
  state: row.state,
  attempt: row.attempt,
  createdAt: row.created_at.getTime(),
  dueAt: row.due_at?.getTime() ?? null,
  triedAt: row.tried_at?.getTime() ?? null,
  endedAt: row.ended_at?.getTime() ?? null,
  status: row.status,
  answer: row.answer,
});

// Each subscription has room of its own: one that answers slowly keeps no other waiting. A test goes to one that is off, too.
const TAKE = `
  UPDATE deliveries d SET attempt = d.attempt + 1, tried_at = now(), due_at = now() + $1 * interval '1 millisecond'
  FROM (
    SELECT p.id FROM subscriptions s
    LEFT JOIN unnest($3::uuid[], $4::integer[]) AS b (id, busy) ON b.id = s.id
    CROSS JOIN LATERAL (
      SELECT id, due_at FROM deliveries
      WHERE subscription_id = s.id AND state = 'PENDING' AND due_at <= now() AND (s.enabled OR event = 'TEST')
      ORDER BY due_at LIMIT greatest(0, $5 - coalesce(b.busy, 0))
    ) p
    ORDER BY p.due_at LIMIT $2
  ) due, subscriptions s
  WHERE d.id = due.id AND d.state = 'PENDING' AND d.due_at <= now() AND s.id = d.subscription_id
  RETURNING d.id, d.subscription_id AS subscription, d.event, d.title, d.attempt, d.body, s.channel, s.url, s.addresses, s.secret`;

const END = `
  UPDATE deliveries SET state = $3, status = $4, answer = $5,
    due_at = CASE WHEN $3 = 'PENDING' THEN now() + $6 * interval '1 millisecond' END,
    ended_at = CASE WHEN $3 = 'PENDING' THEN NULL ELSE now() END
  WHERE id = $1 AND attempt = $2 AND state = 'PENDING'`;

const GIVE_BACK = `UPDATE deliveries SET attempt = attempt - 1, due_at = now() WHERE id = $1 AND attempt = $2 AND state = 'PENDING'`;

const STATES = { delivered: 'DELIVERED', failed: 'FAILED', again: 'PENDING' } as const;

const REMOVE_OLD = `
  DELETE FROM deliveries WHERE id = ANY (ARRAY(
    SELECT id FROM deliveries WHERE created_at < to_timestamp($1::double precision / 1000) ORDER BY created_at LIMIT $2
  ))`;
/** Makes the DeliveryStore of an open, migrated database. */
export const createDeliveryStore = ({ engine: pool }: Pick<Database, 'engine'>): DeliveryStore => {
  const changed = async (name: string, text: string, values: readonly unknown[]): Promise<number> =>
    (await pool.query({ name, text, values: [...values] })).rowCount ?? 0;
  const end = async ({ id, attempt }: Pick<TakenDelivery, 'id' | 'attempt'>, how: DeliveryEnd): Promise<boolean> => {
    if (how.kind === 'given back') return (await changed('give_delivery_back', GIVE_BACK, [id, attempt])) > 0;
    const values = [id, attempt, STATES[how.kind], how.status, how.answer?.replaceAll('\0', '') ?? null, how.kind === 'again' ? how.inMs : 0];
    return (await changed('end_delivery', END, values)) > 0;
  };
  const take = async (leaseMs: number, { total, ofOne, busy }: Room): Promise<TakenDelivery[]> => {
    const values = [leaseMs, total, [...busy.keys()], [...busy.values()], ofOne];
    return (await pool.query<TakenDelivery & { channel: Channel }>({ name: 'take_deliveries', text: TAKE, values })).rows;
  };
  return {
    take: (leaseMs, room) => reaching(() => take(leaseMs, room)),
    end: (delivery, how) => reaching(() => end(delivery, how)),
    add: (delivery) =>
      reaching(async () => {
        const { rows } = await pool.query<Row>(`${INSERT_DELIVERIES} RETURNING ${COLUMNS}`, deliveryValues([delivery]));
        return viewOf(rows[0]!);
      }),
    disable: (subscription, reason) =>
      reaching(async () => {
        const text = 'UPDATE subscriptions SET enabled = false, disabled_reason = $2, updated_at = now() WHERE id = $1';
        await changed('disable_subscription', text, [subscription, reason]);
      }),
    removeBefore: (time, limit) => reaching(() => changed('old_deliveries', REMOVE_OLD, [time, limit])),
  };
};

const REDELIVER = `
  UPDATE deliveries SET state = 'PENDING', attempt = 0, due_at = now(), ended_at = NULL, status = NULL, answer = NULL
  WHERE id = $1 AND subscription_id = $2 RETURNING ${COLUMNS}`;

/** Makes the DeliveryViews of an open, migrated database. */
export const createDeliveryViews = ({ engine, views }: Pick<Database, 'engine' | 'views'>): DeliveryViews => ({
  deliveries: (subscription, limit, after) =>
    reaching(async () => {
      if (after !== undefined && !isRowNumber(after)) return [];
      const text = `SELECT ${COLUMNS} FROM deliveries WHERE subscription_id = $1 AND number < coalesce($3::bigint, 9223372036854775807)
        ORDER BY number DESC LIMIT $2`;
      return (await views.query<Row>({ name: 'deliveries', text, values: [subscription, limit, after ?? null] })).rows.map(viewOf);
    }),
  redeliver: (subscription, id) => reaching(async () => (await engine.query<Row>(REDELIVER, [id, subscription])).rows.map(viewOf)[0]),
  waitingDeliveries: () =>
    reaching(async () => {
      const text = `SELECT s.channel, count(*)::integer AS count FROM deliveries d JOIN subscriptions s ON s.id = d.subscription_id
        WHERE d.state = 'PENDING' GROUP BY s.channel`;
      return (await views.query<{ channel: Channel; count: number }>({ name: 'deliveries_waiting', text })).rows;
    }),
});
