/** A migrated database, and DAGs of any time in it. */
import { createExpiry } from '../../../src/adapters/postgres/expiry';
import type { Database } from '../../../src/adapters/postgres/database';
import { createMonths } from '../../../src/adapters/postgres/months';
import { createRunStore } from '../../../src/adapters/postgres/runStore';
import { createShardLeases } from '../../../src/adapters/postgres/shardLeases';
import type { DagId } from '../../../src/core/ids';
import type { Cutoffs, Month } from '../../../src/ports/retention';
import { at, batch, dagChange, plannedDag, taskChange } from '../../contract/records';
import { migrated } from './opened';

export const first = (month: number, year = 2026): number => Date.UTC(year, month - 1);
export const [DEC, JAN, FEB, MAR] = [first(12, 2025), first(1), first(2), first(3)];
export const HOUR_MS = 3_600_000;
/** All that has ended by the end of the year. */
export const EXPIRED: Cutoffs = { COMPLETED: first(1, 2027) };

export const countIn = async ({ engine }: Database, table: string): Promise<number> =>
  Number((await engine.query<{ n: string }>(`SELECT count(*) AS n FROM ${table}`)).rows[0]!.n);

export const bounds = (months: readonly Month[]): string[] =>
  months.map(({ to }) => (to === null ? 'later' : new Date(to).toISOString().slice(0, 7)));

export const world = async (start: () => Promise<() => Promise<string>>) => {
  const database = await migrated(await (await start())());
  const [store, leases, months] = [createRunStore(database), createShardLeases(database), createMonths(database)];
  await leases.define(1);
  const owned = await leases.acquire('months', 60_000, 1);
  /** A DAG of that time, of four tasks, that has ended, and an attempt of it that failed. */
  const ended = async (createdAt: number): Promise<DagId> => {
    const dag = plannedDag({ createdAt });
    await store.admit([{ dag, idempotency: null }]);
    await store.commit(
      batch(at(owned, 1n), {
        dags: [dagChange(dag, { status: 'COMPLETED', startedAt: createdAt, completedAt: createdAt + HOUR_MS, completedTasks: 4 })],
        tasks: [0, 1, 2, 3].map((task) => taskChange(dag, task)),
        attempts: [
          { dag: dag.dagId, task: 0, dispatch: 1, attempt: 1, worker: 'w', session: 's', startedAt: createdAt, endedAt: createdAt, error: '{}' },
        ],
      }),
    );
    return dag.dagId;
  };
  return { database, store, owned, months, ended, expiry: createExpiry(database) };
};

export const linesOf = async (lines: AsyncIterable<string>): Promise<string[]> => {
  const all: string[] = [];
  for await (const line of lines) all.push(line);
  return all;
};
