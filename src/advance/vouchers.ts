/**
 * Sessions that said in the log that they live, because their leases didn't answer. Dead is who is silent in both: a loss stands
 * in the log behind those words. What was said before an owner began to read is unknown to it: for a lease after that, nobody was
 * silent.
 */
export interface Vouchers {
  /** `now` is the log's time. */
  hear(session: string, now: number): void;
  /** Whether the session spoke within a lease before `now`. */
  speaksFor(session: string, now: number): boolean;
}

const MOST = 1000;

/** `readFrom` is the log's time where reading begins. */
export const createVouchers = (leaseMs: number, readFrom: number): Vouchers => {
  /** In the order of their last word, so that the oldest come first. */
  const heardAt = new Map<string, number>();
  return {
    hear: (session, now) => {
      heardAt.delete(session);
      heardAt.set(session, now);
      for (const oldest of heardAt.keys()) {
        if (heardAt.size <= MOST) return;
        heardAt.delete(oldest);
      }
    },
    speaksFor: (session, now) => (heardAt.get(session) ?? readFrom) > now - leaseMs,
  };
};
