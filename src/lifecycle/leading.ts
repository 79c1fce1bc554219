/** Duties of one process alone: who leads does them, and whoever may have been followed by another stops. */
import { every } from './every';
import type { Service } from './service';
import type { Timing } from './timing';

export interface LeadingNeeds {
  readonly name: string;
  /** Takes or renews the lead: its fence, or null while it is another's. */
  ask(): Promise<string | null>;
  resign(): Promise<void>;
  /** How long a lead lasts from the moment that it was asked for. */
  readonly leaseMs: number;
  readonly clock: Pick<Timing, 'monotonic' | 'after'>;
  /** Told of each lead that begins or ends here. */
  changed?(fence: string | undefined): void;
  onError(error: unknown): void;
}

export interface Leading extends Service {
  /** The fence of the lead that this process has at this very moment; undefined for none. */
  fence(): string | undefined;
}

/** Asks thrice in a lease. A process that was suspended, or gets no answer, knows by its own clock that its lead is over. */
export const leading = ({ name, ask, resign, leaseMs, clock, changed, onError }: LeadingNeeds): Leading => {
  let lead: { readonly fence: string; readonly until: number } | undefined;
  let told: string | undefined;

  const fence = (): string | undefined => (lead !== undefined && clock.monotonic() < lead.until ? lead.fence : undefined);
  const tell = (): void => {
    const now = fence();
    if (now === told) return;
    told = now;
    changed?.(now);
  };
  const asking = every({
    name,
    ms: leaseMs / 3,
    clock,
    onError,
    once: async () => {
      const until = clock.monotonic() + leaseMs;
      try {
        const granted = await ask();
        lead = granted === null ? undefined : { fence: granted, until };
      } finally {
        tell();
      }
    },
  });
  return {
    name,
    fence,
    start: () => asking.start(),
    stop: async () => {
      await asking.stop();
      const had = fence();
      lead = undefined;
      tell();
      if (had !== undefined) await resign().catch(onError);
    },
  };
};

/** A loop's run, done only while this process leads. */
export const whileLeading =
  ({ fence }: Pick<Leading, 'fence'>, once: (fence: string) => Promise<void>) =>
  async (): Promise<void> => {
    const own = fence();
    if (own !== undefined) await once(own);
  };
