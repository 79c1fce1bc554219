/** Time and chance, handed in so that a simulator can replace them. */
export interface Clock {
  /** Milliseconds since 1970. */
  now(): number;
  /** Milliseconds on a clock that never goes back, with fractions. */
  monotonic(): number;
  /**
   * Calls `then` once after `ms`; the answer cancels it. 0 means as soon as the running turn of the event loop is over. A
   * pending call doesn't keep the process alive.
   */
  after(ms: number, then: () => void): () => void;
  /** A number in [0, 1). */
  random(): number;
}
