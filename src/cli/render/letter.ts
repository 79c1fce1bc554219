/** Dead letters on the terminal. */
import type { Attempt, DeadLetter, DeadLetterDetail } from '../../sdk';
import type { Paint } from './paint';
import { plain, shortened } from './words';

const LONGEST_NAME = 30;
const LONGEST_ERROR = 80;
const LONGEST_PAYLOAD = 2_000;

export const LETTER_HEAD = ['LETTER', 'STATE', 'KIND', 'FAILED', 'TYPE', 'DAG', 'TASK', 'ERROR'] as const;

export const letterRow = (letter: DeadLetter): string[] => [
  letter.letterId,
  letter.state,
  letter.kind,
  letter.failedAt,
  letter.type ?? '-',
  shortened(letter.dagName ?? '-', LONGEST_NAME),
  shortened(letter.taskName ?? `${letter.record?.place ?? '?'} at ${letter.record?.offset ?? '?'}`, LONGEST_NAME),
  shortened(letter.error?.message ?? '', LONGEST_ERROR),
];

const attemptLines = ({ attempt, workerId, startedAt, endedAt, error }: Attempt, paint: Paint): string[] => {
  const evidence = Object.entries(error.evidence ?? {}).map(([name, value]) => `${name}: ${String(value)}`);
  const detail = error.stack ?? `${error.name ?? error.kind}: ${error.message}`;
  return [
    `  ${paint.bold(`attempt ${String(attempt)}`)} on ${plain(workerId ?? 'no worker')}, ${startedAt ?? 'never begun'} to ${endedAt}: ${paint.red(error.kind)}${
      evidence.length === 0 ? '' : ` (${plain(evidence.join(', '))})`
    }`,
    ...detail.split('\n').map((line) => `    ${plain(line).trimEnd()}`),
  ];
};

const aboutTask = ({ dagName, dagId, taskName, taskId, type, task }: DeadLetterDetail): string[] => [
  `  DAG   ${dagName ?? '?'}  ${dagId ?? ''}`,
  `  task  ${taskName ?? '?'}  ${taskId ?? ''}  ${type ?? ''}${task === null ? '' : `, now ${task.status}`}`,
  ...(task?.payload === undefined || task.payload === null ? [] : [`  payload  ${shortened(JSON.stringify(task.payload), LONGEST_PAYLOAD)}`]),
];

const aboutRecord = ({ record }: DeadLetterDetail): string[] =>
  record === null ? [] : [`  record  ${record.place} at ${record.offset}`, `  begins with (base64)  ${shortened(record.raw, LONGEST_PAYLOAD)}`];

/** Everything that a letter tells. */
export const letterLines = (letter: DeadLetterDetail, paint: Paint): string[] => [
  `${paint.bold(`dead letter ${letter.letterId}`)}  ${letter.state}  ${paint.red(letter.kind)}  ${letter.failedAt}`,
  ...(letter.taskId === null ? aboutRecord(letter) : aboutTask(letter)).map(plain),
  ...(letter.settledAt === null
    ? []
    : [`  ${letter.state.toLowerCase()} ${letter.settledAt}${letter.settledBy === null ? '' : ` by ${plain(letter.settledBy)}`}`]),
  ...letter.attempts.flatMap((attempt) => attemptLines(attempt, paint)),
];
