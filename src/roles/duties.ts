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
import { createRetentionDuty } from './retention';
import type { ProcessLife } from './processLife';
import type { Storage } from './storage';

export interface DutiesNeeds {
  readonly config: Config;
  readonly life: ProcessLife;
  readonly storage: Storage;
  readonly leases: {
    readonly leadership: Leadership;
    readonly roster: Roster;
    readonly claimAudit: ClaimAudit;
    readonly control: WorkerControl;
    readonly board: LoadBoard;
  };
  readonly engine: Engine;
  readonly topic: DeadLetterTopic;
  readonly log: EventLog;
  readonly origin: () => string;
  /** How workers are started beside this process; undefined where they can't be. */
  readonly program?: OwnProgram | undefined;
}

/** The service, and the routes of the doctor and the autoscaler. */
export const createDuties = ({
  config,
  life,
  storage,
  leases,
  engine,
  program,
  ...needs
}: DutiesNeeds): {
  readonly service: Service;
  readonly doctor: ReturnType<typeof createDoctorApi>['routes'];
  readonly autoscaling: ReturnType<typeof createAutoscalingApi>['routes'];
} => {
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
  const retention = createRetentionDuty({ config, life, lead, dags: storage.expiry });
  const autoscaling = createAutoscalingApi({ config, life, lead, leases, history: storage.scalings, engine, program });
  return {
    service: together('duties', [lead, doctor.service, letters, ...retention, autoscaling.service]),
    doctor: doctor.routes,
    autoscaling: autoscaling.routes,
  };
};
