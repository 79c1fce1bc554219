/** How many tasks are in which state: as a bar, and in shapes and figures. */
import { StatusShape } from '../parts/badge';
import { countText } from '../parts/format';
import { lookOf } from '../parts/status';
import { SHOWN_ORDER } from './model';
import type { Counts, StatusThen } from './moments';

const ORDER: readonly StatusThen[] = [...SHOWN_ORDER, 'UNKNOWN', 'ABSENT'];

export const sortedCounts = (counts: Counts): readonly (readonly [StatusThen, number])[] =>
  ORDER.flatMap((status) => {
    const count = counts[status] ?? 0;
    return count === 0 ? [] : [[status, count] as const];
  });

/** `12 failed, 986 completed`. */
export const tallyText = (counts: Counts): string =>
  sortedCounts(counts)
    .map(([status, count]) => `${countText(count)} ${lookOf(status).word}`)
    .join(', ');

export const TallyBar = ({ counts }: { readonly counts: Counts }) => (
  <span class="tally-bar" aria-hidden="true">
    {sortedCounts(counts).map(([status, count]) => (
      <span key={status} class={`tally-part tally-${status.toLowerCase()} tone-${lookOf(status).tone}`} style={{ flexGrow: String(count) }} />
    ))}
  </span>
);

interface TallyFiguresProps {
  readonly counts: Counts;
  /** At most so many states. */
  readonly most?: number;
  /** Whether the states are named, too, where there is room. */
  readonly named?: boolean;
}

/** The shapes of the states with their figures. */
export const TallyFigures = ({ counts, most = 10, named = false }: TallyFiguresProps) => (
  <span class="tally-figures">
    {sortedCounts(counts)
      .slice(0, most)
      .map(([status, count]) => (
        <span key={status} class={`tally-figure tone-${lookOf(status).tone}`} title={lookOf(status).word}>
          <StatusShape look={lookOf(status)} size={12} />
          {countText(count)} {named && lookOf(status).word}
        </span>
      ))}
  </span>
);
