/** Says where this process is, and tells Prometheus where all of them are. */
import { hostname } from 'node:os';
import type { Config } from '../config';
import { every } from '../lifecycle/every';
import type { Service } from '../lifecycle/service';
import { targetRoutes } from '../observe/routes/cluster';
import type { Roster } from '../ports/leases';
import type { SchedulerBook } from '../ports/schedulers';
import { placeOf } from './place';
import type { ProcessLife } from './processLife';

export interface TargetsApiNeeds {
  readonly config: Config;
  readonly life: Pick<ProcessLife, 'id' | 'clock' | 'announce'>;
  readonly schedulers: SchedulerBook;
  /** Absent where the workers are part of this process. */
  readonly roster?: Pick<Roster, 'read'> | undefined;
  readonly port: () => number | undefined;
}

const SAY_EVERY_MS = 2000;
const FORGOTTEN_AFTER_MS = 10_000;

/** The route, and what says again and again that this scheduler lives. */
export const createTargetsApi = ({ config, life, schedulers, roster, port }: TargetsApiNeeds) => {
  const { id, clock, announce } = life;
  const saying = every({
    name: 'place',
    ms: SAY_EVERY_MS,
    clock,
    once: () => schedulers.publish({ scheduler: id, ...placeOf(config, port() ?? 0) }, FORGOTTEN_AFTER_MS),
    onError: (error) => {
      announce('loop.failed', { loop: 'place', error });
    },
  });
  const service: Service = {
    name: saying.name,
    start: () => saying.start(),
    stop: async () => {
      await saying.stop();
      // It is forgotten by itself.
      await schedulers.withdraw(id).catch(() => undefined);
    },
  };
  const workers = async () => (await roster?.read())?.workers ?? [];
  const { advertisedUrl } = config.server;
  const knownAs = advertisedUrl === null ? undefined : new URL(advertisedUrl).hostname;
  return { service, routes: targetRoutes({ schedulers, workers, host: hostname(), knownAs }) };
};
