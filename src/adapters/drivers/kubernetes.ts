/**
 * Workers as pods of a Deployment, whose number is set by its scale subresource. Which pods go is decided by their ReplicaSet: those with
 * the lowest `controller.kubernetes.io/pod-deletion-cost` first, so that the idlest are given a low one before. A pod that goes gets
 * SIGTERM, at which a worker finishes what it has and gives back the rest.
 */
import { readFile } from 'node:fs/promises';
import type { RetryNeeds } from '../../lifecycle/retry';
import type { WorkerDriver } from '../../ports/scaling';
import { ApiRefusal, callApi, type ApiCall } from './request';

export interface KubernetesDriverNeeds {
  /** Of the API server. */
  readonly url: string;
  readonly deployment: string;
  /** Null: the one of the service account. */
  readonly namespace: string | null;
  /** Where Kubernetes mounts the service account's `token`, `ca.crt` and `namespace`. */
  readonly accountDir: string;
  readonly clock: RetryNeeds['clock'];
}

const MERGE_PATCH = 'application/merge-patch+json';
const FIRST_TO_GO = '-1000';

const replicasIn = (body: unknown): number => {
  const spec = typeof body === 'object' && body !== null && 'spec' in body ? body.spec : undefined;
  // A number that is 0 is left out of the answer.
  const replicas = typeof spec === 'object' && spec !== null && 'replicas' in spec ? spec.replicas : 0;
  if (typeof replicas !== 'number') throw new Error('the scale of the deployment was answered in another shape');
  return replicas;
};

/** Makes the driver. Names of workers must be those of their pods. */
export const createKubernetesDriver = ({ url, deployment, namespace, accountDir, clock }: KubernetesDriverNeeds): WorkerDriver => {
  const ofAccount = async (name: string): Promise<string> => (await readFile(`${accountDir}/${name}`, 'utf8')).trim();

  const call = async (path: string, change: Pick<ApiCall, 'method' | 'body'>): Promise<unknown> => {
    const answer = await callApi(clock, async () => ({
      ...change,
      url: `${url.replace(/\/+$/, '')}${path.replace('{namespace}', encodeURIComponent(namespace ?? (await ofAccount('namespace'))))}`,
      contentType: MERGE_PATCH,
      options: {
        // Read each time: it is renewed while the process runs.
        headers: { Authorization: `Bearer ${await ofAccount('token')}` },
        ...(url.startsWith('https:') && { ca: await ofAccount('ca.crt') }),
      },
    }));
    return answer.body;
  };
  const scale = `/apis/apps/v1/namespaces/{namespace}/deployments/${encodeURIComponent(deployment)}/scale`;
  const scaleTo = async (replicas: number): Promise<string> => {
    await call(scale, { method: 'PATCH', body: { spec: { replicas } } });
    return `set ${deployment} to ${String(replicas)} replicas`;
  };
  const markFirstToGo = async (pod: string): Promise<void> => {
    const annotations = { 'controller.kubernetes.io/pod-deletion-cost': FIRST_TO_GO };
    try {
      await call(`/api/v1/namespaces/{namespace}/pods/${encodeURIComponent(pod)}`, { method: 'PATCH', body: { metadata: { annotations } } });
    } catch (error) {
      // It has gone, or the account may not: then another one may go, and finishes what it has as this one would.
      if (!(error instanceof ApiRefusal) || (error.status !== 404 && error.status !== 403)) throw error;
    }
  };

  return {
    name: 'kubernetes',
    outlive: false,
    desired: async () => replicasIn(await call(scale, { method: 'GET' })),
    start: (_ids, total) => scaleTo(total),
    leave: async (ids, total) => {
      for (const id of ids) await markFirstToGo(id);
      return scaleTo(total);
    },
  };
};
