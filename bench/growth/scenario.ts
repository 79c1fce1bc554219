/** What a measurement of growth has: a size that can be scaled, and figures with what each should be. */
import type { Api } from '../api';
import type { Stack } from '../stacks';

export interface Figure {
  readonly name: string;
  readonly value: number;
  readonly unit: string;
  /** What it should be at full size, in words; undefined where it only explains another. */
  readonly goal?: string;
  /** The least and the most of several runs, whose median the value is; undefined of a single one. */
  readonly spread?: readonly [least: number, most: number];
}

/** How something moves as something else grows, within one run; it is drawn. */
export interface Curve {
  /** Of its picture: docs/images/NAME.svg. */
  readonly name: string;
  readonly title: string;
  readonly x: string;
  readonly y: string;
  readonly points: readonly (readonly [x: number, y: number])[];
}

export interface Measured {
  readonly figures: readonly Figure[];
  readonly curves?: readonly Curve[];
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
  /** Workers that the stack has; 1 where nothing is said. */
  readonly workers?: number;
  /** More variables for the program's processes. */
  readonly programEnv?: Readonly<Record<string, string>>;
  /** How long it may take at full size, with the start of the stack. */
  readonly limitMinutes: number;
  /** Measures on a fresh stack; rejects where a result is wrong. */
  run(site: Site): Promise<Measured>;
}
