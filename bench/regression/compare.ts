/** Whether this build costs more than it may, told by ratios of what was measured in the same run, in turn. */
import { percentile } from '../measure';

/** One figure of two systems, a value for each round; the lower, the better. */
export interface Compared {
  readonly figure: string;
  /** What this build is compared with. */
  readonly other: string;
  readonly own: readonly number[];
  readonly others: readonly number[];
  /** How many times the other's value it may have. */
  readonly most: number;
}

export interface Verdict extends Pick<Compared, 'figure' | 'other' | 'most'> {
  /** Of the lower quartiles: what disturbs a round only adds to it, so that the quieter rounds tell most. */
  readonly ratio: number;
  readonly holds: boolean;
}

const QUARTILE = 0.25;

/** Throws where there is nothing to compare: a check that measured nothing must not hold. */
export const judge = ({ figure, other, own, others, most }: Compared): Verdict => {
  if (own.length === 0 || own.length !== others.length) throw new Error(`${figure}: ${own.length} rounds beside ${others.length} of ${other}`);
  if (![...own, ...others].every((value) => value > 0 && Number.isFinite(value)))
    throw new Error(`${figure} beside ${other} has rounds without a value`);
  const ratio = percentile(own, QUARTILE) / percentile(others, QUARTILE);
  return { figure, other, most, ratio, holds: ratio <= most };
};
