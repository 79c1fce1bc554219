/** What a measurement of growth has: a size that can be scaled, and figures with what each should be. */
import type { Api } from '../api';
import type { Stack } from '../stacks';

export interface Figure {
  readonly name: string;
  readonly value: number;
  readonly unit: string;
  /** What it should be at full size, in words; undefined where it only explains another. */
  readonly goal?: string;
}

export interface Site {
  readonly stack: Stack;
  readonly api: Api;
  /** Of the stack's own database. */
  readonly databaseUrl: string;
  /** A number of things at this size, 1 at the least. */
  scaled(count: number): number;
}

export interface Scenario {
  readonly name: string;
  readonly about: string;
  /** Measures on a fresh stack; rejects where a result is wrong. */
  run(site: Site): Promise<readonly Figure[]>;
}
