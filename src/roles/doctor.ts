/** The doctor, put together from its stage: asked by the API, and always on at the scheduler that leads. */
import { createDoctor, type DoctorLimits } from '../audit/doctor';
import { createRepairs } from '../audit/repairs';
import { auditRoutes } from '../audit/routes';
import { publishLetters } from '../advance/letters';
import { every } from '../lifecycle/every';
import { whileLeading, type Leading } from '../lifecycle/leading';
import type { Service } from '../lifecycle/service';
import type { RowAudit } from '../ports/audit';
import type { DagRemoval } from '../ports/history';
import type { Roster } from '../ports/leases';
import type { DeadLetterOutbox, DeadLetterTopic } from '../ports/letters';
import type { CommandStore } from '../ports/store';
import type { EventLog } from '../ports/transport';
import type { ProcessLife } from './processLife';

export interface DoctorApiNeeds {
  readonly life: Pick<ProcessLife, 'clock' | 'announce'>;
  readonly rows: RowAudit;
  readonly roster: Pick<Roster, 'read'>;
  readonly commands: Pick<CommandStore, 'pendingCommands'>;
  readonly removal: Pick<DagRemoval, 'clearRemoved'>;
  readonly outbox: Pick<DeadLetterOutbox, 'unpublishedDeadLetters' | 'markPublished'>;
  readonly topic: DeadLetterTopic;
  readonly log: Pick<EventLog, 'append'>;
  readonly origin: () => string;
  readonly lead: Pick<Leading, 'fence'>;
  readonly bodyBytes: number;
  readonly limits?: Partial<DoctorLimits>;
}

const EVERY_MS = 15_000;

/** Its routes, and the audit that goes on by itself while this process leads. */
export const createDoctorApi = (needs: DoctorApiNeeds): { readonly routes: ReturnType<typeof auditRoutes>; readonly service: Service } => {
  const { life, outbox, topic, origin, lead } = needs;
  const { clock, announce } = life;
  const doctor = createDoctor({ ...needs, clock });
  const repair = createRepairs({ ...needs, clock, publish: (shards) => publishLetters({ outbox, topic, shards: () => shards, origin }) });
  const service = every({
    name: 'doctor',
    ms: EVERY_MS,
    clock,
    once: whileLeading(lead, async () => {
      const { findings, unknown, tookMs } = await doctor.examine();
      if (lead.fence() === undefined) return;
      const counts = [...findings].flatMap(([check, found]) => (unknown.has(check) ? [] : [[check, found.length] as const]));
      announce('audit.done', { counts: Object.fromEntries(counts), tookMs });
    }),
    onError: (error) => {
      announce('loop.failed', { loop: 'doctor', error });
    },
  });
  return { routes: auditRoutes({ ...needs, doctor, repair }), service };
};
