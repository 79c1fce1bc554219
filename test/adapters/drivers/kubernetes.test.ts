/**
 * The requests of the Kubernetes driver, at a server that holds them against what the API reference says of the scale subresource and of
 * a merge patch of a pod. There is no cluster here: nothing is proven of what one does with them.
 */
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { createKubernetesDriver } from '../../../src/adapters/drivers/kubernetes';
import { systemClock } from '../../../src/adapters/system/clock';
import { atEnd } from '../../harness/cleanup';
import { answering, type Answering, type Heard } from './answering';

const SCALE = '/apis/apps/v1/namespaces/work/deployments/dts-worker/scale';

const folder = (): string => {
  const made = mkdtempSync(path.join(tmpdir(), 'account-'));
  atEnd(() => rmSync(made, { recursive: true }));
  return made;
};

const account = (): string => {
  const made = folder();
  writeFileSync(path.join(made, 'token'), 'first\n');
  writeFileSync(path.join(made, 'namespace'), 'work');
  return made;
};

/** A deployment as far as its scale goes: refuses what the API server would. */
const cluster = (replicas: number) => {
  const state = { replicas };
  const otherwise = ({ line, headers, body }: Heard): { status: number; body: unknown } => {
    if (headers.authorization !== 'Bearer first') return { status: 401, body: { kind: 'Status', message: 'Unauthorized' } };
    if (line.startsWith('PATCH') && headers['content-type'] !== 'application/merge-patch+json')
      return { status: 415, body: { kind: 'Status', message: 'the body of the request was in an unknown format' } };
    if (line === `PATCH ${SCALE}`) {
      const { spec } = body as { spec: { replicas: unknown } };
      if (!Number.isInteger(spec.replicas)) return { status: 422, body: { kind: 'Status', message: 'Invalid value' } };
      state.replicas = spec.replicas as number;
    }
    if (line.endsWith(SCALE)) {
      const spec = state.replicas === 0 ? {} : { replicas: state.replicas };
      return { status: 200, body: { kind: 'Scale', apiVersion: 'autoscaling/v1', metadata: { name: 'dts-worker', namespace: 'work' }, spec } };
    }
    return line.startsWith('PATCH /api/v1/namespaces/work/pods/')
      ? { status: 200, body: { kind: 'Pod' } }
      : { status: 404, body: { kind: 'Status', message: 'not found' } };
  };
  return { state, otherwise };
};

const driverAt = ({ url }: Pick<Answering, 'url'>, accountDir = account()) =>
  createKubernetesDriver({ url, deployment: 'dts-worker', namespace: null, accountDir, clock: systemClock });

test('reads and sets the scale of the deployment with the account’s token', async () => {
  const { state, otherwise } = cluster(0);
  const server = await answering({ otherwise });
  const driver = driverAt(server);
  expect(await driver.desired()).toBe(0);
  expect(await driver.start([], 3)).toBe('set dts-worker to 3 replicas');
  expect([state.replicas, await driver.desired()]).toEqual([3, 3]);
  expect(server.heard.map(({ line }) => line)).toEqual([`GET ${SCALE}`, `PATCH ${SCALE}`, `GET ${SCALE}`]);
});

test('before fewer are wanted the idlest pods are marked as the first to go', async () => {
  const { state, otherwise } = cluster(4);
  const server = await answering({ otherwise });
  await driverAt(server).leave(['dts-worker-a', 'dts-worker-b'], 2);
  expect(server.heard.map(({ line, body }) => [line, body])).toEqual([
    ...['a', 'b'].map((pod) => [
      `PATCH /api/v1/namespaces/work/pods/dts-worker-${pod}`,
      { metadata: { annotations: { 'controller.kubernetes.io/pod-deletion-cost': '-1000' } } },
    ]),
    [`PATCH ${SCALE}`, { spec: { replicas: 2 } }],
  ]);
  expect(state.replicas).toBe(2);
});

test.each([403, 404])('a pod that can not be marked (%d) holds up nothing', async (status) => {
  const { state, otherwise } = cluster(4);
  const server = await answering({ otherwise });
  server.next.push({ status, body: { message: 'no' } });
  await driverAt(server).leave(['dts-worker-a'], 3);
  expect(state.replicas).toBe(3);
});

test('what may pass is tried three times, a refusal once, and told in the server’s words', async () => {
  const { otherwise } = cluster(1);
  const server = await answering({ otherwise });
  server.next.push({ status: 503, body: { message: 'later' } }, { status: 429, body: { message: 'slower' } });
  expect(await driverAt(server).desired()).toBe(1);
  server.next.push(...[1, 2, 3].map(() => ({ status: 500, body: { message: 'broken' } })));
  await expect(driverAt(server).desired()).rejects.toThrow(/was answered with 500: broken$/);
  server.heard.length = 0;
  const wrong = account();
  writeFileSync(path.join(wrong, 'token'), 'second');
  await expect(driverAt(server, wrong).desired()).rejects.toThrow(/was answered with 401: Unauthorized$/);
  expect(server.heard).toHaveLength(1);
});

test('a token that was renewed meanwhile is taken', async () => {
  const { otherwise } = cluster(1);
  const server = await answering({ otherwise });
  const dir = account();
  writeFileSync(path.join(dir, 'token'), 'old');
  const driver = driverAt(server, dir);
  await expect(driver.desired()).rejects.toThrow('401');
  writeFileSync(path.join(dir, 'token'), 'first');
  expect(await driver.desired()).toBe(1);
});

test('nobody there is an error, not a wait', async () => {
  const { url } = await answering({ otherwise: () => ({ status: 200 }) });
  await expect(driverAt({ url: url.replace(/\d+$/, '1') }).desired()).rejects.toThrow('ECONNREFUSED');
});

test('the server is who the account’s certificate says', async () => {
  const made = folder();
  const [key, cert] = [path.join(made, 'key'), path.join(made, 'cert')];
  const names = ['-subj', '/CN=kubernetes', '-addext', 'subjectAltName=IP:127.0.0.1'];
  execFileSync('openssl', ['req', '-x509', '-newkey', 'rsa:2048', '-nodes', '-days', '2', '-keyout', key, '-out', cert, ...names], {
    stdio: 'ignore',
  });
  const { otherwise } = cluster(5);
  const server = await answering({ otherwise, tls: { key: readFileSync(key, 'utf8'), cert: readFileSync(cert, 'utf8') } });
  const dir = account();
  writeFileSync(path.join(dir, 'ca.crt'), readFileSync(cert));
  expect(await driverAt(server, dir).desired()).toBe(5);
  const other = account();
  execFileSync(
    'openssl',
    ['req', '-x509', '-newkey', 'rsa:2048', '-nodes', '-days', '2', '-keyout', key, '-out', path.join(other, 'ca.crt'), ...names],
    {
      stdio: 'ignore',
    },
  );
  await expect(driverAt(server, other).desired()).rejects.toThrow(/certificate|signature/);
});
