/** What goes on beside the engine in each process that schedules: dead letters, and the duties of the one that leads. */
import type { Config } from '../config';
import { together } from '../lifecycle/together';
import type { Service } from '../lifecycle/service';
import type { ClaimAudit, Leadership, Roster, WorkerControl } from '../ports/leases';
import type { DeadLetterTopic } from '../ports/letters';
import type { LoadBoard } from '../ports/scaling';
import type { EventLog } from '../ports/transport';
import { createAutoscalingApi, type OwnProgram } from './autoscaling';
import { createDeadLetters } from './deadLetters';
import { createDoctorApi } from './doctor';
import type { Engine } from './engine';
import { createLead } from './lead';
import { createNotifications } from './notifications';
import { createLogExpiryDuty, createRetentionDuty } from './retention';
import type { Wanted } from '../notify/wanted';
import type { ProcessLife } from './processLife';
import { createSchedules } from './schedules';
import type { Storage } from './storage';
import type { Submissions } from './submissions';

export interface DutiesNeeds {
  readonly config: Config;
  readonly life: ProcessLife;
  readonly storage: Storage;
  /** As storage has it, but told to those who look on. */
  readonly expiry: Storage['expiry'];
  readonly leases: {
    readonly leadership: Leadership;
    readonly roster: Roster;
    readonly claimAudit: ClaimAudit;
    readonly control: WorkerControl;
    readonly board: LoadBoard;
  };
  readonly engine: Engine;
  readonly submissions: Pick<Submissions, 'submitter'>;
  readonly topic: DeadLetterTopic;
  readonly log: EventLog;
  readonly origin: () => string;
  readonly wanted: Wanted;
  /** How workers are started beside this process; undefined where they can't be. */
  readonly program?: OwnProgram | undefined;
}

export interface Duties {
  readonly service: Service;
  readonly routes: readonly ReturnType<typeof createDoctorApi>['routes'][];
}

/** Makes them, and the routes of the doctor, the autoscaler, the schedules and notifications. */
export const createDuties = ({ config, life, storage, expiry, leases, engine, program, submissions, ...needs }: DutiesNeeds): Duties => {
  const lead = createLead(config, life, leases.leadership);
  const shared = { ...storage, ...needs, life, lead };
  const doctor = createDoctorApi({
    ...shared,
    rows: storage.audit,
    roster: leases.roster,
    claimAudit: leases.claimAudit,
    bodyBytes: config.limits.bodyBytes,
  });
  const letters = createDeadLetters({ ...shared, shards: () => engine.advancer.owned().map(({ shard }) => shard) });
  const retention = createRetentionDuty({ config, life, lead, dags: expiry, months: storage.months });
  const logExpiry = createLogExpiryDuty({ config, life, lead, logs: storage.taskLogStore });
  const schedules = createSchedules({ ...submissions, life, lead, schedules: storage.schedules, bodyBytes: config.limits.bodyBytes });
  const autoscaling = createAutoscalingApi({ config, life, lead, leases, history: storage.scalings, engine, program });
  const notifications = createNotifications({ ...needs, config, life, lead, rows: storage });
  return {
    service: together('duties', [
      lead,
      doctor.service,
      letters,
      ...retention,
      ...logExpiry,
      schedules.service,
      notifications.service,
      autoscaling.service,
    ]),
    routes: [doctor.routes, autoscaling.routes, ...schedules.routes, ...notifications.routes],
  };
};
