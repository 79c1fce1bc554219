/** The duty of removing what is kept no longer, where anything is to be removed. */
import { createFolderArchive } from '../adapters/archive/folder';
import type { Config } from '../config';
import { every } from '../lifecycle/every';
import { whileLeading, type Leading } from '../lifecycle/leading';
import type { Service } from '../lifecycle/service';
import { createLogExpiry } from '../logs/keeper';
import type { Archive, ExpiredDags, Months } from '../ports/retention';
import type { TaskLogStore } from '../ports/taskLogs';
import { createMonthKeeping } from '../retention/months';
import { createRetention, isKeptForever } from '../retention/retention';
import type { ProcessLife } from './processLife';

const EVERY_MS = 10_000;

export interface RetentionDutyNeeds {
  readonly config: Pick<Config, 'retention'>;
  readonly life: Pick<ProcessLife, 'clock' | 'announce'>;
  readonly lead: Pick<Leading, 'fence'>;
  readonly dags: ExpiredDags;
  readonly months: Months;
}

export interface LogExpiryDutyNeeds extends Omit<RetentionDutyNeeds, 'config' | 'dags' | 'months'> {
  readonly config: Pick<Config, 'taskLogs'>;
  readonly logs: Pick<TaskLogStore, 'removeBefore'>;
}

const LOGS_EVERY_MS = 60_000;

/** The duty of removing old lines of tasks; nothing where they are kept as long as their DAGs. */
export const createLogExpiryDuty = ({ config, life: { clock, announce }, lead, logs }: LogExpiryDutyNeeds): readonly Service[] => {
  const { keepDays } = config.taskLogs;
  if (keepDays === null) return [];
  const once = createLogExpiry({ store: logs, keepDays, clock, mayGoOn: () => lead.fence() !== undefined });
  return [
    every({
      name: 'task log retention',
      ms: LOGS_EVERY_MS,
      clock,
      once: whileLeading(lead, once),
      onError: (error) => {
        announce('loop.failed', { loop: 'task log retention', error });
      },
    }),
  ];
};

type Announce = ProcessLife['announce'];

/** The client of S3 takes 20 MB and a fifth of a second: it is loaded where there is a bucket, and at the start, when nobody waits yet. */
const loadS3Archive = (bucket: string, given: Config['retention']['s3'], announce: Announce): Archive => {
  const { accessKeyId, secretAccessKey } = given;
  const loaded = import('../adapters/archive/s3.js').then(({ createS3Archive }) =>
    createS3Archive({
      ...given,
      bucket,
      credentials: accessKeyId === null || secretAccessKey === null ? null : { accessKeyId, secretAccessKey },
      pathStyle: given.pathStyle ?? given.endpoint !== null,
      onRetries: (count) => {
        if (count > 0) announce('archive.retried', { count });
      },
    }),
  );
  return { store: async (...what) => (await loaded).store(...what) };
};

const archiveOf = ({ archiveDir, s3 }: Config['retention'], announce: Announce): Archive | undefined => {
  if (s3.bucket !== null) return loadS3Archive(s3.bucket, s3, announce);
  return archiveDir === null ? undefined : createFolderArchive(archiveDir);
};

/** Also where everything is kept for ever by now: what an earlier cut left half done is taken back, or nothing could be stored one day. */
const createMonthsDuty = ({ config: { retention: kept }, life: { clock, announce }, lead, months }: RetentionDutyNeeds): Service =>
  every({
    name: 'months',
    ms: EVERY_MS,
    clock,
    once: whileLeading(
      lead,
      createMonthKeeping({ kept, lingerDays: kept.lingerDays, months, clock, announce, mayGoOn: () => lead.fence() !== undefined }).once,
    ),
    onError: (error) => {
      announce('loop.failed', { loop: 'months', error });
    },
  });

/** What is kept no longer goes; where everything is kept for ever, only the months are looked after. */
export const createRetentionDuty = (needs: RetentionDutyNeeds): readonly Service[] =>
  isKeptForever(needs.config.retention) ? [createMonthsDuty(needs)] : [createMonthsDuty(needs), createRemovalDuty(needs)];

const createRemovalDuty = ({ config: { retention: kept }, life: { clock, announce }, lead, dags, months }: RetentionDutyNeeds): Service => {
  const archive = archiveOf(kept, announce);
  let leaving = new AbortController();
  const mayGoOn = (): boolean => lead.fence() !== undefined && !leaving.signal.aborted;
  const retention = createRetention({ kept, lingerDays: kept.lingerDays, months, dags, archive, clock, announce, mayGoOn });
  const loop = every({
    name: 'retention',
    ms: EVERY_MS,
    clock,
    once: whileLeading(lead, () => retention.once(leaving.signal)),
    onError: (error) => {
      if (!leaving.signal.aborted) announce('loop.failed', { loop: 'retention', error });
    },
  });
  return {
    name: loop.name,
    start: () => {
      leaving = new AbortController();
      return loop.start();
    },
    // What is under way isn't waited for: an archive that isn't whole counts as none.
    stop: () => {
      leaving.abort();
      return loop.stop();
    },
  };
};
