/** What stands where there is nothing to show: nothing there, not yet there, or something went wrong. */
import type { ComponentChildren } from 'preact';
import { mayPass, toldOf, wayOutOf } from '../api/problem';
import { Link } from '../routing/router';

interface EmptyProps {
  readonly title: string;
  /** What to do next. */
  readonly children?: ComponentChildren;
}

export const Empty = ({ title, children }: EmptyProps) => (
  <div class="notice">
    <p class="notice-title">{title}</p>
    {children !== undefined && <div class="notice-text">{children}</div>}
  </div>
);

interface FailureProps {
  readonly error: unknown;
  readonly again?: () => void;
}

/** Why something couldn’t be read, with what to do about it. What may pass, its page reads again by itself. */
export const Failure = ({ error, again }: FailureProps) => {
  const { title, detail, remedy } = toldOf(error);
  const wayOut = wayOutOf(error);
  return (
    <div class="notice notice-bad" role="alert">
      <p class="notice-title">{title}</p>
      <p class="notice-text">{detail}</p>
      <p class="notice-text">{mayPass(error) ? `${remedy} The page tries again by itself.` : remedy}</p>
      {wayOut !== undefined ? (
        <Link class="button" to={wayOut.to}>
          {wayOut.words}
        </Link>
      ) : again === undefined ? null : (
        <button type="button" class="button" onClick={again}>
          Try again
        </button>
      )}
    </div>
  );
};

export const Loading = ({ what }: { readonly what: string }) => (
  <p class="loading" role="status">
    Loading {what} …
  </p>
);

interface ShownProps<T> {
  readonly fetched: { readonly data: T | undefined; readonly error: unknown; again(): void };
  readonly what: string;
  readonly children: (data: T) => ComponentChildren;
}

/** The data once it is there; before that, that it is on its way or why not. Data that got old stays, with the error above it. */
export const Shown = <T,>({ fetched: { data, error, again }, what, children }: ShownProps<T>) => (
  <>
    {error !== undefined && <Failure error={error} again={again} />}
    {data === undefined ? error === undefined && <Loading what={what} /> : children(data)}
  </>
);
