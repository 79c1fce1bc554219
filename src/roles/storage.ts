/** PostgreSQL for a process that schedules: opened, migrated, its adapters made. */
import type { Config } from '../config';
import { maskUrl } from '../config';
import { createDatabaseIfMissing, openDatabase, type Database } from '../adapters/postgres/database';
import { createRowAudit } from '../adapters/postgres/audit';
import { createChangedRows } from '../adapters/postgres/changedRows';
import { createCommandStore } from '../adapters/postgres/commandStore';
import { createDagViews } from '../adapters/postgres/dagViews';
import { createDeliveryStore, createDeliveryViews } from '../adapters/postgres/deliveries';
import { createDeadLetterOutbox } from '../adapters/postgres/deadLetterOutbox';
import { createDeadLetterStore, createDeadLetterViews } from '../adapters/postgres/deadLetters';
import { createGateStore } from '../adapters/postgres/gateStore';
import { createHistoryViews } from '../adapters/postgres/historyViews';
import { createLimitStore } from '../adapters/postgres/limitStore';
import { createNoticeStore } from '../adapters/postgres/notices';
import { migrate } from '../adapters/postgres/migrate';
import { createExpiry } from '../adapters/postgres/expiry';
import { createMonths } from '../adapters/postgres/months';
import { createDagRemoval } from '../adapters/postgres/removal';
import { createScheduleClock } from '../adapters/postgres/scheduleClock';
import { createScheduleStore, createScheduleViews } from '../adapters/postgres/schedules';
import { createScalingHistory } from '../adapters/postgres/scalings';
import { createRunTimeStore } from '../adapters/postgres/runTimes';
import { createRunStore } from '../adapters/postgres/runStore';
import { createShardLeases } from '../adapters/postgres/shardLeases';
import { createSubscriptionStore } from '../adapters/postgres/subscriptions';
import { createTaskLogStore, createTaskLogViews } from '../adapters/postgres/taskLogs';
import { createTaskViews } from '../adapters/postgres/taskViews';
import { createWorkIndex } from '../adapters/postgres/workIndex';
import type { GateStore } from '../ports/gates';
import type { RowAudit } from '../ports/audit';
import type { DagRemoval, HistoryViews } from '../ports/history';
import type { LimitStore } from '../ports/limits';
import type { DeadLetterOutbox, DeadLetterStore, DeadLetterViews } from '../ports/letters';
import type { ChangedRows } from '../ports/live';
import type { ScalingHistory } from '../ports/scaling';
import type { DeliveryStore, DeliveryViews, NoticeStore, SubscriptionStore } from '../ports/notices';
import type { RunTimeStore } from '../ports/runTimes';
import type { ExpiredDags, Months } from '../ports/retention';
import type { ScheduleClock, ScheduleStore, ScheduleViews } from '../ports/schedules';
import type { TaskLogStore, TaskLogViews } from '../ports/taskLogs';
import type { CommandStore, RunStore, ShardLeases, WorkIndex } from '../ports/store';
import type { DagViews, TaskViews } from '../ports/views';
import type { ProcessLife } from './processLife';

export interface Storage {
  readonly database: Database;
  readonly store: RunStore;
  readonly work: WorkIndex;
  readonly commands: CommandStore;
  readonly gates: GateStore;
  readonly limitStore: LimitStore;
  readonly shardLeases: ShardLeases;
  readonly views: DagViews & TaskViews;
  readonly changedRows: ChangedRows;
  readonly history: HistoryViews;
  readonly letters: DeadLetterViews;
  readonly letterStore: DeadLetterStore;
  readonly outbox: DeadLetterOutbox;
  readonly removal: DagRemoval;
  readonly expiry: ExpiredDags;
  readonly months: Months;
  readonly audit: RowAudit;
  readonly scalings: ScalingHistory;
  readonly schedules: ScheduleStore & ScheduleViews & ScheduleClock;
  readonly runTimeStore: RunTimeStore;
  readonly taskLogStore: TaskLogStore;
  readonly taskLogs: TaskLogViews;
  readonly subscriptions: SubscriptionStore;
  readonly notices: NoticeStore;
  readonly deliveries: DeliveryStore;
  readonly deliveryViews: DeliveryViews;
}

/** Waits for the database at `url`, makes it where it is missing, brings its schema up to date and defines the shards. */
export const openStorage = async (config: Config, url: string, life: ProcessLife, stopping: AbortSignal): Promise<Storage> => {
  const { connectTimeoutMs } = config.database;
  const database = await life.waitFor({ name: 'PostgreSQL', address: maskUrl(url), stopping }, async () => {
    await createDatabaseIfMissing(url, connectTimeoutMs);
    return openDatabase({
      ...config.database,
      url,
      // Nothing stands before the database that standalone brings.
      pooler: config.role === 'standalone' ? 'none' : config.database.pooler,
      application: `task-scheduler/${config.role}`,
      onWait: (pool, ms) => {
        life.announce('connection.waited', { pool, ms });
      },
      onUse: (pool, ms) => {
        life.announce('connection.used', { pool, ms });
      },
      onIdleError: (error) => {
        life.log.warn({ error }, 'a database connection broke');
      },
    });
  });
  try {
    const migrations = await migrate(database, { url, connectTimeoutMs });
    if (migrations.length > 0) life.log.info({ migrations }, 'the schema was brought up to date');
    const shardLeases = createShardLeases(database);
    await shardLeases.define(config.scheduler.shards);
    const tasks = createTaskViews(database);
    return {
      database,
      store: createRunStore(database),
      work: createWorkIndex(database),
      commands: createCommandStore(database),
      gates: createGateStore(database),
      limitStore: createLimitStore(database),
      shardLeases,
      views: { ...createDagViews(database), ...tasks },
      changedRows: createChangedRows(database),
      history: createHistoryViews(database),
      letters: createDeadLetterViews(database, tasks),
      letterStore: createDeadLetterStore(database),
      outbox: createDeadLetterOutbox(database),
      removal: createDagRemoval(database),
      expiry: createExpiry(database),
      months: createMonths(database),
      audit: createRowAudit(database),
      scalings: createScalingHistory(database),
      schedules: { ...createScheduleStore(database), ...createScheduleViews(database), ...createScheduleClock(database) },
      runTimeStore: createRunTimeStore(database),
      taskLogStore: createTaskLogStore(database),
      taskLogs: createTaskLogViews(database),
      subscriptions: createSubscriptionStore(database),
      notices: createNoticeStore(database),
      deliveries: createDeliveryStore(database),
      deliveryViews: createDeliveryViews(database),
    };
  } catch (error) {
    await database.close();
    throw error;
  }
};
