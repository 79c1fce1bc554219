/** Who asks for a change and why, in their own words: what the history and the log take of them. */
export interface Who {
  /** Null for unknown. */
  readonly by: string | null;
  readonly reason: string | null;
}

export const LONGEST_WHO = { by: 128, reason: 1000 } as const;
