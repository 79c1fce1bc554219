/** One setting of the table: how its value is read, where it comes from, and what it is. */
import type { Reader } from './readers';
import type { Role } from './shape';

export interface Setting<T> {
  readonly reader: Reader<unknown>;
  /** What holds where nobody says anything. */
  readonly fallback: T | ((role: Role) => T);
  /** The environment variable. */
  readonly env: string;
  /** The command line's flag, without dashes. */
  readonly flag?: string;
  readonly about: string;
  /** `parts`: a URL whose password is never shown, or a list of NAME=value whose values aren't. `whole`: nothing of it is. */
  readonly secret?: 'parts' | 'whole';
  /** Where a higher source adds to a lower one in place of hiding it. */
  readonly merge?: (lower: T, higher: unknown) => T;
}

/** Settings, nested as the configuration is. */
export type Spec<T> = { readonly [K in keyof T]: Setting<T[K]> | Spec<T[K]> };

export const setting = <T>(reader: Reader<T>, fallback: T | ((role: Role) => T), env: string, about: string): Setting<T> => ({
  reader,
  fallback,
  env,
  about,
});
