/** Metrics of the stream that pages listen to. */
import type { Making } from './meters';

const by = ['scheduler'] as const;

/** Adds them; `clients` tells how many there are now. */
export const streamMetrics = ({ meters, listen }: Making, clients: (() => number) | undefined): void => {
  meters.gauge({
    name: 'stream_clients',
    help: 'Clients of the stream of events at this process.',
    unit: 'clients',
    by,
    read: () => [[clients?.() ?? 0]],
  });
  const drops = meters.counter({
    name: 'stream_drops_total',
    help: 'Times that a client of the stream missed something: it was too slow (slow), took nothing for a minute (stuck), or was one too many (refused).',
    unit: 'clients',
    labels: ['reason'],
    by,
  });
  for (const reason of ['slow', 'stuck', 'refused']) drops.of(reason);
  listen('stream.dropped', ({ why }) => {
    drops.of(why).add();
  });
};
