/** The settings of the autoscaler, and what can't be true of them together. */
import { duration, id, listOf, nullable, numberFrom, oneOf, text, url, whole, yesOrNo } from './readers';
import { setting, type Spec } from './setting';
import { SCALING_DRIVERS, type AutoscalingConfig, type Config } from './shape';

const FOLDER = text('a folder', /^[^\0]{1,4096}$/);
const NAME = text('a name of 1 to 253 small letters, digits, dots or dashes', /^[a-z\d]([a-z\d.-]{0,251}[a-z\d])?$/);
const VARIABLE = text('NAME=value', /^[A-Za-z_]\w*=[^\0-\x1f]{0,4096}$/);

export const autoscaling: Spec<AutoscalingConfig> = {
  enabled: setting(yesOrNo, false, 'AUTOSCALING_ENABLED', 'Whether the scheduler that leads says how many workers there are to be, and sees to it.'),
  dryRun: setting(yesOrNo, false, 'AUTOSCALING_DRY_RUN', 'It only says what it would do: in the history, the metrics and the API.'),
  driver: setting(
    oneOf(...SCALING_DRIVERS),
    'local',
    'AUTOSCALING_DRIVER',
    'How workers come and go: as processes beside the scheduler, as pods of a deployment, or as containers of this machine.',
  ),
  min: setting(whole(0, 1_000), 1, 'AUTOSCALING_MIN', 'The fewest workers, those that others started included.'),
  max: setting(whole(1, 1_000), 8, 'AUTOSCALING_MAX', 'The most workers that it brings about.'),
  targetWaitSeconds: setting(numberFrom(0.1, 86_400), 30, 'AUTOSCALING_TARGET_WAIT_SECONDS', 'A ready task is to begin within so long.'),
  coolDownSeconds: setting(
    numberFrom(1, 86_400),
    120,
    'AUTOSCALING_COOL_DOWN_SECONDS',
    'Fewer workers must have been enough for so long before some leave, a quarter of them at a time; rates are averages over it.',
  ),
  intervalMs: setting(duration(100, 600_000), 2_000, 'AUTOSCALING_INTERVAL_MS', 'How often it looks.'),
  workerPrefix: setting(
    nullable(id),
    null,
    'AUTOSCALING_WORKER_PREFIX',
    'What the names of its workers begin with, if not auto- (kubernetes: the name of the deployment and a dash). Others are left alone.',
  ),
  historyDays: setting(whole(1, 3_650), 30, 'AUTOSCALING_HISTORY_DAYS', 'Decisions are kept for so many days, 10,000 of them at the most.'),
  kubernetes: {
    url: setting(url('http:', 'https:'), 'https://kubernetes.default.svc', 'AUTOSCALING_KUBERNETES_URL', 'The API server.'),
    namespace: setting(nullable(NAME), null, 'AUTOSCALING_KUBERNETES_NAMESPACE', "The deployment's namespace, if not the scheduler's own."),
    deployment: setting(nullable(NAME), null, 'AUTOSCALING_KUBERNETES_DEPLOYMENT', 'The deployment whose pods are the workers.'),
    accountDir: setting(
      FOLDER,
      '/var/run/secrets/kubernetes.io/serviceaccount',
      'AUTOSCALING_KUBERNETES_ACCOUNT_DIR',
      "The folder with the service account's token, ca.crt and namespace.",
    ),
  },
  docker: {
    socket: setting(FOLDER, '/var/run/docker.sock', 'AUTOSCALING_DOCKER_SOCKET', "The engine's Unix socket."),
    image: setting(text('the name of an image'), 'task-scheduler:latest', 'AUTOSCALING_DOCKER_IMAGE', 'The image of a worker.'),
    network: setting(nullable(text('the name of a network')), null, 'AUTOSCALING_DOCKER_NETWORK', 'The network of its containers.'),
    env: {
      ...setting(listOf(VARIABLE), [], 'AUTOSCALING_DOCKER_ENV', 'Variables of its containers, such as where the services are.'),
      secret: 'parts',
    },
  },
};

/** Pairs that contradict each other, each with the way out; `of` names who said a value. */
export const autoscalingContradictions = ({ role, autoscaling: given }: Config, of: (path: string) => string): string[] => {
  const { enabled, min, max, driver, kubernetes } = given;
  return [
    ...(min > max
      ? [
          `autoscaling.min ${String(min)} (${of('autoscaling.min')}) is more than autoscaling.max ${String(max)} (${of('autoscaling.max')}): lower it, or raise the other`,
        ]
      : []),
    ...(enabled && driver === 'kubernetes' && kubernetes.deployment === null
      ? [`autoscaling.driver kubernetes (${of('autoscaling.driver')}) needs autoscaling.kubernetes.deployment: name the deployment of the workers`]
      : []),
    ...(enabled && role === 'standalone'
      ? [
          `autoscaling.enabled (${of('autoscaling.enabled')}): the workers of a standalone process are part of it: set standalone.workers, or run a scheduler`,
        ]
      : []),
  ];
};
