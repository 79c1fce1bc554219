/** The clock's submitter over a real PostgreSQL and the real way of submissions; the clock is the test's. */
import { createDagViews } from '../../src/adapters/postgres/dagViews';
import { createRunStore } from '../../src/adapters/postgres/runStore';
import { createScheduleClock } from '../../src/adapters/postgres/scheduleClock';
import { createScheduleStore, createScheduleViews } from '../../src/adapters/postgres/schedules';
import { createShardLeases } from '../../src/adapters/postgres/shardLeases';
import type { Database } from '../../src/adapters/postgres/database';
import { systemClock } from '../../src/adapters/system/clock';
import { createScheduleControl, type ScheduleControl } from '../../src/control/schedules';
import { BUILT_IN_TASK_TYPES } from '../../src/core/dag';
import { createEmitter, type Emitter } from '../../src/lifecycle/emitter';
import type { Happenings } from '../../src/ports/happenings';
import type { ScheduleClock, ScheduleStore, ScheduleViews } from '../../src/ports/schedules';
import { createSweep, type Sweep, type SweepNeeds } from '../../src/schedule/sweep';
import { createSubmitter } from '../../src/submit/submitter';
import { randomUUID } from 'node:crypto';
import { migrated } from '../adapters/postgres/opened';
import { freshDatabase } from '../harness/services';

export const DAG = { dagName: 'scheduled', tasks: [{ taskName: 'only', type: 'API_CALL' }] };

export interface World {
  readonly database: Database;
  readonly schedules: ScheduleStore & ScheduleViews & ScheduleClock;
  readonly control: ScheduleControl;
  readonly events: Emitter<Happenings>;
  /** What the clock says. */
  now: number;
  /** One scheduler's sweep; parts of it as the test wants them. */
  sweep(over?: Partial<SweepNeeds>): Sweep;
  submit: SweepNeeds['submit'];
  /** The times for which there are DAGs, oldest first. */
  dags(scheduleId: string): Promise<string[]>;
  /** `state time`, oldest first. */
  firings(scheduleId: string): Promise<string[]>;
  finish(): Promise<void>;
}

const shown = (ms: number): string => new Date(ms).toISOString().slice(5, 16);

const submitterOf = (database: Database, announce: Emitter<Happenings>['announce']) =>
  createSubmitter({
    store: createRunStore(database),
    views: createDagViews(database),
    clock: systemClock,
    announce,
    pendingSubmissions: 100,
    submissionWaitMs: 5000,
    backlog: { check: () => undefined, add: () => undefined },
    shards: () => [0],
    admitted: () => undefined,
    types: BUILT_IN_TASK_TYPES,
    order: 'fifo',
    limits: { tasksPerDag: 100, edgesPerDag: 100, payloadBytes: 10_000, dagBytes: 1_000_000, bodyBytes: 100_000 } as never,
    retry: { maxRetries: 3, backoff: { type: 'exponential', initialMs: 500, factor: 2, maxMs: 60_000, jitter: 0.5 } },
  });

/** Opens one on a database of its own. */
export const openWorld = async (now: string): Promise<World> => {
  const database = await migrated((await freshDatabase()).url);
  await createShardLeases(database).define(1);
  const events = createEmitter<Happenings>((_name, error) => {
    throw error;
  });
  const schedules = { ...createScheduleStore(database), ...createScheduleViews(database), ...createScheduleClock(database) };
  const submitter = submitterOf(database, events.announce);
  const clock = { now: () => world.now };
  const world: World = {
    database,
    schedules,
    events,
    now: Date.parse(now),
    submit: async (document, key, origin) => (await submitter.submit(Buffer.from(document), key, { origin })).dag.dagId,
    sweep: (over = {}) => createSweep({ schedules, submit: world.submit, clock, announce: events.announce, mayGoOn: () => true, ...over }),
    control: createScheduleControl({
      store: schedules,
      views: schedules,
      clock,
      newId: randomUUID,
      checkDag: async (document) => (await submitter.check(Buffer.from(document))).name,
      submitNow: (scheduleId) => world.sweep().submitNow(scheduleId),
    }),
    dags: async (scheduleId) => {
      const text = 'SELECT scheduled_for AS at FROM dags WHERE schedule_id = $1 ORDER BY scheduled_for';
      return (await database.engine.query<{ at: Date }>(text, [scheduleId])).rows.map(({ at }) => shown(at.getTime()));
    },
    firings: async (scheduleId) => (await schedules.firings(scheduleId, 1000)).map(({ state, fireTime }) => `${state} ${shown(fireTime)}`).reverse(),
    finish: async () => {
      await database.engine.query(`UPDATE dags SET status = 'COMPLETED'`);
    },
  };
  return world;
};
