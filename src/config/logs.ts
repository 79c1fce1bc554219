/** The settings of logs: of the process, and of tasks. */
import { REDACTED_NAMES } from '../core/redact';
import { listOf, nullable, numberFrom, oneOf, text, whole } from './readers';
import { setting, type Spec } from './setting';
import { LOG_LEVELS, type Sections } from './shape';

export const log: Spec<Sections['log']> = {
  level: setting(oneOf(...LOG_LEVELS), 'info', 'LOG_LEVEL', 'The least that is logged.'),
  redact: setting(
    listOf(text('a part of a name')),
    REDACTED_NAMES,
    'LOG_REDACT',
    'Values under names that hold one of these, in any case, are kept out of logs, those of tasks included; a space stands for any way to join two words.',
  ),
};

export const taskLogs: Spec<Sections['taskLogs']> = {
  lineBytes: setting(whole(256, 65_536), 16_384, 'TASK_LOGS_LINE_BYTES', 'Bytes of one line of a task, and of its fields; what is longer is cut.'),
  attemptBytes: setting(
    whole(4_096, 1_073_741_824),
    1_048_576,
    'TASK_LOGS_ATTEMPT_BYTES',
    'Bytes that are kept of one attempt: beyond, the first quarter and the newest three quarters.',
  ),
  bufferBytes: setting(
    whole(65_536, 1_073_741_824),
    4_194_304,
    'TASK_LOGS_BUFFER_BYTES',
    'Bytes that wait at a worker, a quarter of them of one attempt; what comes beyond is dropped.',
  ),
  bytesPerSecond: setting(whole(1_024, 1_073_741_824), 1_048_576, 'TASK_LOGS_BYTES_PER_SECOND', 'What leaves a worker in the long run.'),
  keepDays: setting(
    nullable(numberFrom(0, 36_500)),
    7,
    'TASK_LOGS_KEEP_DAYS',
    'How long lines are kept, where their DAG is not removed before. Nothing: as long as their DAGs.',
  ),
  followers: setting(whole(0, 100_000), 100, 'TASK_LOGS_FOLLOWERS', 'Clients that may follow logs of a scheduler at once.'),
};
