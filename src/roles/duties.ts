/** What goes on beside the engine in each process that schedules: dead letters, and the duties of the one that leads. */
import type { Config } from '../config';
import { together } from '../lifecycle/together';
import type { Service } from '../lifecycle/service';
import type { ClaimAudit, Leadership, Roster } from '../ports/leases';
import type { DeadLetterTopic } from '../ports/letters';
import type { EventLog } from '../ports/transport';
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
  readonly leases: { readonly leadership: Leadership; readonly roster: Roster; readonly claimAudit: ClaimAudit };
  readonly engine: Engine;
  readonly topic: DeadLetterTopic;
  readonly log: EventLog;
  readonly origin: () => string;
}

/** The service, and the routes of the doctor. */
export const createDuties = ({
  config,
  life,
  storage,
  leases,
  engine,
  ...needs
}: DutiesNeeds): {
  readonly service: Service;
  readonly doctor: ReturnType<typeof createDoctorApi>['routes'];
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
  return {
    service: together('duties', [lead, doctor.service, letters, ...createRetentionDuty({ config, life, lead, dags: storage.expiry })]),
    doctor: doctor.routes,
  };
};
