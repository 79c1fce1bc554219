/** Several runs of a scenario as one: the median of each figure, with the least and the most that a run had. */
import { percentile } from '../measure';
import type { Figure, Measured } from './scenario';

const medianOf = (figure: Figure, runs: readonly Measured[]): Figure => {
  const values = runs.flatMap(({ figures }) => figures.filter(({ name }) => name === figure.name).map(({ value }) => value));
  return { ...figure, value: percentile(values, 0.5), spread: [Math.min(...values), Math.max(...values)] };
};

/** One run is what it measured; the curves of several are those of the first, since points of different runs have no order. */
export const medians = (runs: readonly [Measured, ...Measured[]]): Measured => {
  const [first, ...others] = runs;
  return others.length === 0 ? first : { ...first, figures: first.figures.map((figure) => medianOf(figure, runs)) };
};
