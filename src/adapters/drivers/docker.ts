/** Workers as containers of this machine's Docker engine, named as they are. A container goes by itself once its worker has left. */
import type { RetryNeeds } from '../../lifecycle/retry';
import type { WorkerDriver } from '../../ports/scaling';
import { leaving, type AskToLeave } from './leaving';
import { ApiRefusal, callApi, type ApiCall } from './request';

export interface DockerDriverNeeds {
  /** The engine's Unix socket. */
  readonly socket: string;
  readonly image: string;
  /** Null: the engine's default one. */
  readonly network: string | null;
  /** `NAME=value` each: where the services are. */
  readonly env: readonly string[];
  readonly clock: RetryNeeds['clock'];
  readonly ask: AskToLeave;
}

/** The oldest that every engine since 2020 understands. */
const VERSION = '/v1.41';

/** Makes the driver. */
export const createDockerDriver = ({ socket, image, network, env, clock, ask }: DockerDriverNeeds): WorkerDriver => {
  const call = (path: string, body?: object, attempts?: number): Promise<unknown> =>
    callApi(clock, (): ApiCall => ({ method: 'POST', url: `http://docker${VERSION}${path}`, options: { socketPath: socket }, body }), attempts);
  /** Whether it was done: not where the engine answered with this status. */
  const unless = async (status: number, done: Promise<unknown>): Promise<boolean> => {
    try {
      await done;
      return true;
    } catch (error) {
      if (error instanceof ApiRefusal && error.status === status) return false;
      throw error;
    }
  };
  // Asked once: a container that can't be started is removed at once, and asked again the engine would say no more than that it isn't there.
  const begin = (id: string): Promise<unknown> => call(`/containers/${encodeURIComponent(id)}/start`, undefined, 1);
  const start = async (id: string): Promise<void> => {
    // A container of this name may wait for its start since whoever made it died.
    if (await unless(404, begin(id))) return;
    const container = {
      Image: image,
      Cmd: ['--role=worker', `--worker-id=${id}`],
      Env: env,
      Labels: { 'task-scheduler.autoscaled': 'true' },
      HostConfig: { AutoRemove: true, ...(network !== null && { NetworkMode: network }) },
    };
    // 409: somebody has just made one.
    await unless(409, call(`/containers/create?name=${encodeURIComponent(id)}`, container));
    await begin(id);
  };
  return {
    name: 'docker',
    outlive: true,
    desired: () => Promise.resolve(undefined),
    start: async (ids) => {
      for (const id of ids) await start(id);
      return `started ${ids.join(', ')}`;
    },
    // 404: it isn't there any more.
    leave: leaving(ask, async (id) => {
      await unless(404, call(`/containers/${encodeURIComponent(id)}/stop`));
    }),
  };
};
