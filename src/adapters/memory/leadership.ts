/** Who does the duties of one process alone, within one process. */
import type { Clock } from '../../ports/clock';
import type { Leadership } from '../../ports/leases';

export interface MemoryLeadershipNeeds {
  readonly clock: Pick<Clock, 'monotonic'>;
  readonly leaseMs: number;
  /** Whether the leases just lost their memory. */
  isForgetful(): boolean;
}

export interface MemoryLeadership extends Leadership {
  forget(): void;
}

export const createMemoryLeadership = ({ clock, leaseMs, isForgetful }: MemoryLeadershipNeeds): MemoryLeadership => {
  const leads = new Map<string, { readonly candidate: string; readonly fence: string; until: number }>();
  let fences = 0;
  return {
    lead: (duty, candidate) => {
      const now = clock.monotonic();
      const known = leads.get(duty);
      if (isForgetful()) return Promise.resolve(null);
      if (known !== undefined && known.until > now) {
        if (known.candidate !== candidate) return Promise.resolve(null);
        known.until = now + leaseMs;
        return Promise.resolve(known.fence);
      }
      const fence = String(++fences);
      leads.set(duty, { candidate, fence, until: now + leaseMs });
      return Promise.resolve(fence);
    },
    resign: (duty, candidate) => {
      if (leads.get(duty)?.candidate === candidate) leads.delete(duty);
      return Promise.resolve();
    },
    forget: () => {
      leads.clear();
    },
  };
};
