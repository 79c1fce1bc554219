/** Pages of a list that goes back in time. The cursor is in the address, so that a page can be linked to. */
import { addressOf } from '../routing/address';
import { Link, place } from '../routing/router';

interface PagerProps {
  readonly shown: number;
  readonly cursor: string;
  readonly nextCursor: string | null;
}

export const Pager = ({ shown, cursor, nextCursor }: PagerProps) => {
  const { path, query } = place.value;
  if (cursor === '' && nextCursor === null) return <p class="small soft">{shown} shown, that is all.</p>;
  return (
    <nav class="pager" aria-label="Pages of the list">
      <span class="small soft">{shown} shown</span>
      <span class="row">
        {cursor !== '' && (
          <Link class="button button-small" to={addressOf(path, { ...query, cursor: '' })}>
            Newest
          </Link>
        )}
        {nextCursor !== null && (
          <Link class="button button-small" to={addressOf(path, { ...query, cursor: nextCursor })}>
            Older
          </Link>
        )}
      </span>
    </nav>
  );
};
