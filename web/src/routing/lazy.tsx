/** Pages that are fetched when they are first opened. */
import type { ComponentType } from 'preact';
import { useEffect, useState } from 'preact/hooks';
import { RequestFailed } from '../api/problem';
import { Failure, Loading } from '../parts/notices';

const UNFETCHED =
  'This part of the page could not be fetched: the scheduler is away, or has another version by now. Reload the page once it is back.';
const AGAIN_MS = 5_000;

type State<P> = { readonly page: ComponentType<P> } | { readonly error: unknown } | undefined;

/** A component that fetches another one and then is it. */
export const lazy = <P extends object>(fetchPage: () => Promise<ComponentType<P>>): ComponentType<P> => {
  const kept: { page?: ComponentType<P> } = {};
  return (props: P) => {
    const [state, setState] = useState<State<P>>(kept.page === undefined ? undefined : { page: kept.page });
    useEffect(() => {
      if (state !== undefined) return;
      fetchPage().then(
        (page) => {
          kept.page = page;
          setState({ page });
        },
        () => {
          setState({ error: new RequestFailed(UNFETCHED, 0, undefined) });
        },
      );
    }, [state]);
    useEffect(() => {
      if (state === undefined || 'page' in state) return undefined;
      const timer = setTimeout(() => {
        setState(undefined);
      }, AGAIN_MS);
      return () => {
        clearTimeout(timer);
      };
    }, [state]);
    if (state === undefined) return <Loading what="the page" />;
    if ('page' in state) return <state.page {...props} />;
    return (
      <Failure
        error={state.error}
        again={() => {
          setState(undefined);
        }}
      />
    );
  };
};
