/** Pages that are fetched when they are first opened. */
import type { ComponentType } from 'preact';
import { useEffect, useState } from 'preact/hooks';
import { Failure, Loading } from '../parts/notices';

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
        (error: unknown) => {
          setState({ error });
        },
      );
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
