/** Metrics of connections to the database. */
import { CALL_SECONDS } from './buckets';
import type { Making, Sample } from './meters';

/** What the connections of one pool do. */
export interface ConnectionUse {
  readonly pool: string;
  readonly inUse: number;
  readonly idle: number;
  readonly waiting: number;
  readonly max: number;
}

/** Adds them. */
export const connectionMetrics = ({ meters, listen }: Making, use: (() => readonly ConnectionUse[]) | undefined): void => {
  const told = { unit: 'connections', by: ['scheduler'] } as const;
  const read = (samples: (use: ConnectionUse) => readonly Sample[]) => (): Sample[] => (use?.() ?? []).flatMap(samples);
  meters.gauge({
    ...told,
    name: 'database_connections',
    help: 'Connections to PostgreSQL by pool, in use and idle.',
    labels: ['pool', 'state'],
    read: read(({ pool, inUse, idle }) => [
      [inUse, { pool, state: 'in_use' }],
      [idle, { pool, state: 'idle' }],
    ]),
  });
  meters.gauge({
    ...told,
    name: 'database_connections_max',
    help: 'Connections that a pool may have.',
    labels: ['pool'],
    read: read(({ pool, max }) => [[max, { pool }]]),
  });
  meters.gauge({
    ...told,
    name: 'database_connections_waiting',
    help: 'Statements that wait for a connection of their pool.',
    labels: ['pool'],
    read: read(({ pool, waiting }) => [[waiting, { pool }]]),
  });
  const spread = { unit: 'seconds', labels: ['pool'], by: ['scheduler'], buckets: CALL_SECONDS } as const;
  const waited = meters.histogram({
    ...spread,
    name: 'database_connection_wait_seconds',
    help: 'Seconds until a connection was had, opening it included.',
  });
  const used = meters.histogram({
    ...spread,
    name: 'database_connection_use_seconds',
    help: 'Seconds that a connection was used for one statement, or for one transaction.',
  });
  listen('connection.waited', ({ pool, ms }) => {
    waited.of(pool).observe(ms / 1000);
  });
  listen('connection.used', ({ pool, ms }) => {
    used.of(pool).observe(ms / 1000);
  });
};
