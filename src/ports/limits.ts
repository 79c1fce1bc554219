/** The rows of limits: few, and read as a whole by every scheduler each second. */
import type { Limit, LimitKey } from '../core/limits';

export interface LimitStore {
  /** All rows, ordered by scope and name. */
  limits(): Promise<Limit[]>;
  /** Sets a limit, or changes it; `changed` is false where all of it was so already: then `updatedAt` stays. */
  set(limit: Limit): Promise<{ readonly limit: Limit; readonly changed: boolean }>;
  /** Answers what was removed; undefined where there was none. */
  remove(key: LimitKey): Promise<Limit | undefined>;
}
