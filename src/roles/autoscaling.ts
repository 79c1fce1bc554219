/** The autoscaler, put together from its stage and the driver that the settings name. */
import { createDockerDriver } from '../adapters/drivers/docker';
import { createKubernetesDriver } from '../adapters/drivers/kubernetes';
import { createProcessDriver } from '../adapters/drivers/processes';
import { createAutoscaler } from '../autoscale/autoscaler';
import { numbered, prefixed, type Names } from '../autoscale/crew';
import { createLoadMeter } from '../autoscale/loads';
import type { Config } from '../config';
import { resource } from '../lifecycle/assembled';
import { every } from '../lifecycle/every';
import { whileLeading, type Leading } from '../lifecycle/leading';
import type { Service } from '../lifecycle/service';
import { together } from '../lifecycle/together';
import { autoscalingRoutes } from '../observe/routes/cluster';
import type { Roster, WorkerControl } from '../ports/leases';
import type { LoadBoard, ScalingHistory, WorkerDriver } from '../ports/scaling';
import type { Engine } from './engine';
import type { ProcessLife } from './processLife';

/** How another process of this program is started with the settings of this one. */
export interface OwnProgram {
  readonly script: string;
  readonly args: readonly string[];
  /** Its environment. */
  readonly env: Readonly<Record<string, string | undefined>>;
}

export interface AutoscalingNeeds {
  readonly config: Config;
  readonly life: Pick<ProcessLife, 'id' | 'clock' | 'announce' | 'listen'>;
  readonly lead: Pick<Leading, 'fence'>;
  readonly leases: { readonly roster: Roster; readonly control: WorkerControl; readonly board: LoadBoard };
  readonly history: ScalingHistory;
  readonly engine: Pick<Engine, 'dispatcher' | 'fleet' | 'gates'>;
  /** Absent where this process can't start others. */
  readonly program: OwnProgram | undefined;
}

const PUBLISH_MS = 500;
const OWN_PREFIX = 'auto-';

const driverOf = ({ config: { autoscaling }, life, leases, program }: AutoscalingNeeds): WorkerDriver => {
  const { clock, announce } = life;
  const ask = async (id: string): Promise<boolean> => (await leases.control.ask(id, 'leave')) !== 'absent';
  if (autoscaling.driver === 'kubernetes')
    return createKubernetesDriver({ ...autoscaling.kubernetes, deployment: autoscaling.kubernetes.deployment ?? '', clock });
  if (autoscaling.driver === 'docker') return createDockerDriver({ ...autoscaling.docker, clock, ask });
  const onFailed = (id: string, how: string): void => {
    announce('loop.failed', { loop: 'autoscaling', error: new Error(`the worker ${id}: ${how}`) });
  };
  return createProcessDriver({ script: program?.script ?? '', args: program?.args ?? [], env: program?.env, ask, onFailed });
};

const namesOf = ({ driver, workerPrefix, kubernetes }: Config['autoscaling']): Names =>
  driver === 'kubernetes' ? prefixed(workerPrefix ?? `${kubernetes.deployment ?? ''}-`) : numbered(workerPrefix ?? OWN_PREFIX);

const serviceOf = (needs: AutoscalingNeeds): Service => {
  const { config, life, lead, leases, history, engine } = needs;
  const { clock, announce, listen, id } = life;
  const { autoscaling } = config;
  const autoscaler = createAutoscaler({
    ...leases,
    scheduler: id,
    driver: driverOf(needs),
    names: namesOf(autoscaling),
    history,
    clock,
    announce,
    fence: () => lead.fence(),
    settings: { ...autoscaling, slots: config.worker.concurrency, drainSeconds: config.worker.drainMs / 1000 },
  });
  const own = new Set(config.worker.types);
  // A type that is being probed lets a few through, and then it is seen whether more workers would help.
  const isProbed = (type: string): boolean => engine.gates.list().some(({ gate, probing }) => probing && gate.name === type);
  const isRun = (type: string): boolean => !isProbed(type) && (own.has(type) || engine.fleet.workers().some(({ types }) => types.includes(type)));
  const load = createLoadMeter({ listen, waiting: () => engine.dispatcher.waiting(isRun) });
  const onError = (error: unknown): void => {
    announce('loop.failed', { loop: 'autoscaling', error });
  };
  const loop = (name: string, ms: number, once: () => Promise<void>): Service => every({ name, ms, clock, once, onError });
  return together('autoscaling', [
    resource('workers of an installation that stops', () => autoscaler.leave().catch(onError)),
    loop('load', Math.min(PUBLISH_MS, autoscaling.intervalMs), () => leases.board.publish(id, load())),
    loop(
      'autoscaling',
      autoscaling.intervalMs,
      whileLeading(lead, (fence) => autoscaler.lookOnce(fence)),
    ),
  ]);
};

/** Its route, and what goes on by itself: each scheduler tells its load, and the one that leads decides. */
export const createAutoscalingApi = (
  needs: AutoscalingNeeds,
): { readonly routes: ReturnType<typeof autoscalingRoutes>; readonly service: Service } => {
  const { config, leases, history } = needs;
  return {
    routes: autoscalingRoutes({ settings: config.autoscaling, board: leases.board, history }),
    service: config.autoscaling.enabled ? serviceOf(needs) : together('autoscaling', []),
  };
};
