/** Where the reader is, and links that go somewhere without a reload. */
import { signal } from '@preact/signals';
import type { ComponentChildren } from 'preact';
import { addressOf, placeOf, type Place } from './address';

const here = (): Place => placeOf(location.pathname, location.search);

/** The place shown. Reading it in a component makes that follow. */
export const place = signal<Place>(here());

addEventListener('popstate', () => {
  place.value = here();
});

/** Goes to an address. `replace` leaves no step to go back to: for filters that change with each key. */
export const go = (address: string, { replace = false }: { readonly replace?: boolean } = {}): void => {
  if (address !== location.pathname + location.search) history[replace ? 'replaceState' : 'pushState'](null, '', address);
  const before = place.value.path;
  place.value = here();
  if (place.value.path !== before) scrollTo(0, 0);
};

/** Changes some of the query of the place shown; undefined and '' remove a name. */
export const goWith = (changes: Readonly<Record<string, string | undefined>>, options?: { readonly replace?: boolean }): void => {
  go(addressOf(place.value.path, { ...place.value.query, ...changes }), options);
};

/** A plain left click; anything else is the browser's business. */
const isOurs = (event: MouseEvent): boolean =>
  event.button === 0 && !event.metaKey && !event.ctrlKey && !event.shiftKey && !event.altKey && !event.defaultPrevented;

interface LinkProps {
  readonly to: string;
  readonly class?: string;
  readonly title?: string;
  readonly 'aria-current'?: 'page' | undefined;
  readonly 'aria-label'?: string;
  readonly children: ComponentChildren;
}

export const Link = ({ to, children, ...rest }: LinkProps) => (
  <a
    {...rest}
    href={to}
    onClick={(event) => {
      if (!isOurs(event)) return;
      event.preventDefault();
      go(to);
    }}
  >
    {children}
  </a>
);
