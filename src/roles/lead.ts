/** The lead among the processes that schedule: whoever has it does what one process alone shall do. */
import type { Config } from '../config';
import { leading, type Leading } from '../lifecycle/leading';
import type { Leadership } from '../ports/leases';
import type { ProcessLife } from './processLife';

/** One for all duties: each of them is small, and one lead costs three calls in a lease. */
const DUTIES = 'duties';

/** Makes it; whoever includes it puts it before what leads. */
export const createLead = (config: Config, { id, clock, announce }: ProcessLife, leadership: Leadership): Leading =>
  leading({
    name: 'lead',
    ask: () => leadership.lead(DUTIES, id),
    resign: () => leadership.resign(DUTIES, id),
    leaseMs: config.leases.leaseMs,
    clock,
    changed: (fence) => {
      announce('lead.changed', { fence: fence ?? null });
    },
    onError: (error) => {
      announce('loop.failed', { loop: 'lead', error });
    },
  });
