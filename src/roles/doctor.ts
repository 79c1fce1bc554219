/** The doctor, put together from its stage: asked by the API, and always on at the scheduler that leads. */
import { createClaimSweep, SWEEP_EVERY_MS } from '../audit/claims';
import { createDoctor, type DoctorLimits } from '../audit/doctor';
import { createRepairs } from '../audit/repairs';
import { auditRoutes } from '../audit/routes';
import { publishLetters } from '../advance/letters';
import { every } from '../lifecycle/every';
import { whileLeading, type Leading } from '../lifecycle/leading';
import type { Service } from '../lifecycle/service';
import { together } from '../lifecycle/together';
import type { RowAudit } from '../ports/audit';
import type { DagRemoval } from '../ports/history';
import type { ClaimAudit, Roster } from '../ports/leases';
import type { DeadLetterOutbox, DeadLetterTopic } from '../ports/letters';
import type { CommandStore } from '../ports/store';
import type { EventLog } from '../ports/transport';
import type { ProcessLife } from './processLife';

export interface DoctorApiNeeds {
  readonly life: Pick<ProcessLife, 'clock' | 'announce'>;
  readonly rows: RowAudit;
  readonly roster: Pick<Roster, 'read'>;
  readonly claimAudit: ClaimAudit;
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

/** Its routes, and what goes on by itself while this process leads: the audit, and the freeing of claims that dead sessions left behind. */
export const createDoctorApi = (needs: DoctorApiNeeds): { readonly routes: ReturnType<typeof auditRoutes>; readonly service: Service } => {
  const { life, outbox, topic, origin, lead } = needs;
  const { clock, announce } = life;
  const doctor = createDoctor({ ...needs, clock });
  const repair = createRepairs({ ...needs, clock, publish: (shards) => publishLetters({ outbox, topic, shards: () => shards, origin }) });
  const duty = (name: string, ms: number, once: () => Promise<void>): Service =>
    every({
      name,
      ms,
      clock,
      once: whileLeading(lead, once),
      onError: (error) => {
        announce('loop.failed', { loop: name, error });
      },
    });
  const audit = duty('doctor', EVERY_MS, async () => {
    const { findings, unknown, tookMs } = await doctor.examine();
    if (lead.fence() === undefined) return;
    const counts = [...findings].flatMap(([check, found]) => (unknown.has(check) ? [] : [[check, found.length] as const]));
    announce('audit.done', { counts: Object.fromEntries(counts), tookMs });
  });
  const sweep = createClaimSweep({ ...needs, announce });
  return {
    routes: auditRoutes({ ...needs, announce, doctor, repair }),
    service: together('audit', [audit, duty('abandoned claims', SWEEP_EVERY_MS, () => sweep.once())]),
  };
};
