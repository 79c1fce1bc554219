/** A curve of a chart, and what tells it apart from the others. */
import type { Curve } from '../api/overview';
import type { Tone } from '../parts/status';

export interface Line {
  readonly name: string;
  readonly tone: Tone | 'accent';
  readonly values: Curve;
  readonly dash?: readonly number[];
  readonly fill?: boolean;
}
