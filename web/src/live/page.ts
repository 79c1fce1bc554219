/** What the page has once: an eye on whether it is seen, and the stream of what happens. */
import { signal } from '@preact/signals';
import type { Sight } from './sight';
import { createStream, type Connection } from './stream';

export const sight: Sight = {
  isHidden: () => document.hidden,
  onHiding: (changed) => {
    document.addEventListener('visibilitychange', changed);
    return () => {
      document.removeEventListener('visibilitychange', changed);
    };
  },
};

/** Whether what is shown is being kept up to date. */
export const connection = signal<Connection>('idle');

export const stream = createStream({
  open: (address) => new EventSource(address),
  sight,
  show: (now) => {
    connection.value = now;
  },
});
