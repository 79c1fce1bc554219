/** The addresses of all live processes, in the words of Prometheus' http_sd. */
import type { LiveWorker } from '../ports/leases';
import type { Place, SchedulerBook } from '../ports/schedulers';

const METRICS_PATH = '/actuator/prometheus';

export interface TargetsNeeds {
  /** The live workers; none where they are part of this process. */
  readonly workers: () => Promise<readonly LiveWorker[]>;
  readonly schedulers: Pick<SchedulerBook, 'all'>;
  /** The name of the host on which this process runs. */
  readonly host: string;
  /** Another name by which others reach that host; where there is none, the one by which this process is asked. */
  readonly knownAs?: string | undefined;
}

interface Target {
  readonly targets: readonly string[];
  readonly labels: Readonly<Record<string, string>>;
}

/** Who asks knows this host by that name, which may be the only one that leads there from its side. */
const addressOf = ({ host, port, url }: Place, own: { readonly host: string; readonly knownAs: string | undefined }) => {
  if (url === undefined) return { target: `${host === own.host ? (own.knownAs ?? host) : host}:${String(port)}`, labels: {} };
  const { protocol, host: named, port: given, pathname } = new URL(url);
  const path = pathname.replace(/\/$/, '');
  return {
    target: given === '' ? `${named}:${protocol === 'https:' ? '443' : '80'}` : named,
    labels: { ...(protocol === 'https:' ? { __scheme__: 'https' } : {}), ...(path === '' ? {} : { __metrics_path__: `${path}${METRICS_PATH}` }) },
  };
};

/** The name in a Host header, without its port. */
export const hostnameIn = (header: string | undefined): string | undefined => /^(\[[\da-f:.]+\]|[\w.-]+)(?::\d+)?$/i.exec(header ?? '')?.[1];

/** As JSON, with the role of each; its id is a label that is dropped where no rule keeps it. */
export const targetsJson = async ({ workers, schedulers, host, knownAs }: TargetsNeeds, askedAs: string | undefined): Promise<string> => {
  const targetOf = (role: string, id: string, place: Place): Target => {
    const { target, labels } = addressOf(place, { host, knownAs: knownAs ?? askedAs });
    return { targets: [target], labels: { role, ...labels, __meta_task_scheduler_id: id } };
  };
  const [scheduling, working] = await Promise.all([schedulers.all(), workers()]);
  return JSON.stringify([
    ...scheduling.map((place) => targetOf('scheduler', place.scheduler, place)),
    ...working.map((worker) => targetOf('worker', worker.workerId, worker)),
  ]);
};
