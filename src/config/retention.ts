/** The settings of what is kept for how long and archived where, and what can't be true of them together. */
import { duration, nullable, numberFrom, text, url, whole, yesOrNo } from './readers';
import { setting, type Spec } from './setting';
import type { Config, RetentionConfig } from './shape';

const days = nullable(numberFrom(0, 36_500));
const BUCKET = text('the name of a bucket: 3 to 255 letters, digits, dots, dashes or underscores', /^[\w.-]{3,255}$/);
const PREFIX = text('a prefix of up to 512 characters without blanks', /^\S{0,512}$/);
const REGION = text('the name of a region', /^[\w-]{1,64}$/);
const KEY = text('text of 1 to 512 characters without blanks', /^\S{1,512}$/);

export const retention: Spec<RetentionConfig> = {
  completedDays: setting(days, null, 'RETENTION_COMPLETED_DAYS', 'Days after its end that a COMPLETED DAG is kept; for ever where nobody says.'),
  failedDays: setting(days, null, 'RETENTION_FAILED_DAYS', 'The same for a FAILED DAG.'),
  cancelledDays: setting(days, null, 'RETENTION_CANCELLED_DAYS', 'The same for a CANCELLED DAG.'),
  lingerDays: setting(
    numberFrom(0, 366),
    31,
    'RETENTION_LINGER_DAYS',
    'Days that the rows of tasks and attempts of a removed DAG may stay in the database, unseen, so that all of their month is dropped at once, which costs nothing; what would stay longer is deleted row by row. 0: all of it is, and nothing is divided by months. It counts where all three are named, with two years at most.',
  ),
  archiveDir: setting(
    nullable(text('a folder', /^[^\0]{1,4096}$/)),
    null,
    'RETENTION_ARCHIVE_DIR',
    'A folder for archives of DAGs that are kept no longer (NDJSON, compressed); without one, and without a bucket, they are only removed. All schedulers must reach it.',
  ),
  s3: {
    bucket: setting(nullable(BUCKET), null, 'RETENTION_S3_BUCKET', 'A bucket for archives, in place of a folder. It must be there.'),
    prefix: setting(PREFIX, '', 'RETENTION_S3_PREFIX', 'What the keys of archives begin with, such as `dags/`.'),
    endpoint: setting(
      nullable(url('http:', 'https:')),
      null,
      'RETENTION_S3_ENDPOINT',
      "The address of an S3-compatible store, if it isn't Amazon's own.",
    ),
    region: setting(
      nullable(REGION),
      null,
      'RETENTION_S3_REGION',
      'The region, where `AWS_REGION` says none; where there is an endpoint, us-east-1 if this says none.',
    ),
    accessKeyId: setting(
      nullable(KEY),
      null,
      'RETENTION_S3_ACCESS_KEY_ID',
      "The name of a key. Without one Amazon's usual chain holds: `AWS_ACCESS_KEY_ID` and `AWS_SECRET_ACCESS_KEY`, files, the role of the pod or machine.",
    ),
    secretAccessKey: { ...setting(nullable(KEY), null, 'RETENTION_S3_SECRET_ACCESS_KEY', 'Its secret.'), secret: 'whole' },
    pathStyle: setting(
      nullable(yesOrNo),
      null,
      'RETENTION_S3_PATH_STYLE',
      "Whether the bucket stands in the path, not in the host's name, if not just where there is an endpoint.",
    ),
    timeoutMs: setting(duration(100, 600_000), 30_000, 'RETENTION_S3_TIMEOUT_MS', 'The longest that one request may take, of 5 MB at most.'),
    attempts: setting(whole(1, 20), 4, 'RETENTION_S3_ATTEMPTS', 'Tries of each request, with growing waits between them.'),
  },
};

/** Pairs that contradict each other, each with the way out; `of` names who said a value. */
export const retentionContradictions = ({ retention: { archiveDir, s3 } }: Config, of: (path: string) => string): string[] => [
  ...(archiveDir !== null && s3.bucket !== null
    ? [
        `retention.archiveDir (${of('retention.archiveDir')}) and retention.s3.bucket (${of('retention.s3.bucket')}) both say where archives go: keep one of them`,
      ]
    : []),
  ...((s3.accessKeyId === null) !== (s3.secretAccessKey === null)
    ? [
        `retention.s3.accessKeyId (${of('retention.s3.accessKeyId')}) and retention.s3.secretAccessKey (${of('retention.s3.secretAccessKey')}) go together: set both, or none for the usual credentials`,
      ]
    : []),
];
