/** The shapes of the answers about commands, history and dead letters, as presentHistory.ts and the routes of control write them. */
import { COMMAND_KINDS } from '../core/command';
import { LETTER_KINDS } from '../core/dag';
import { LETTER_STATES } from './query';
import { ref, type Json } from './openapiWords';
import { count, list, object, orNull, page, text, textOrNull, time, timeOrNull, uuid } from './openapiShapes';

const uuidOrNull: Json = { type: ['string', 'null'], format: 'uuid' };

const event = object({
  eventId: text,
  at: time,
  kind: {
    type: 'string',
    description:
      'The kind of a command, dag.* for what happened to the DAG, task.* for what happened to a task, gate.* for a pause or quarantine before tasks of the DAG.',
  },
  taskId: uuidOrNull,
  taskName: textOrNull,
  by: textOrNull,
  message: textOrNull,
});

const outcome: Json = { enum: ['APPLIED', 'REFUSED', null], description: 'Null while it waits.' };

const command = object({
  commandId: text,
  dagId: uuid,
  kind: { enum: COMMAND_KINDS },
  taskIds: { type: ['array', 'null'], items: uuid, description: 'Null for the whole DAG.' },
  particulars: { type: 'object', description: 'What else it says, by its kind.' },
  by: textOrNull,
  reason: textOrNull,
  requestedAt: time,
  notBefore: timeOrNull,
  outcome,
  detail: { ...textOrNull, description: 'Why it was refused.' },
  affected: count,
  settledAt: timeOrNull,
});

const attempt = object({
  attempt: count,
  dispatch: count,
  workerId: textOrNull,
  session: textOrNull,
  startedAt: timeOrNull,
  endedAt: time,
  error: ref('TaskError'),
});

const letterFields = {
  letterId: text,
  state: { enum: LETTER_STATES },
  kind: { enum: LETTER_KINDS },
  failedAt: time,
  dagId: uuidOrNull,
  dagName: textOrNull,
  taskId: uuidOrNull,
  taskName: textOrNull,
  type: textOrNull,
  dispatch: { type: ['integer', 'null'] },
  record: {
    ...orNull(object({ place: text, offset: text, raw: text })),
    description: 'Where the record lies that cannot be decoded, and its beginning in base64.',
  },
  error: orNull(ref('TaskError')),
  settledAt: timeOrNull,
  settledBy: textOrNull,
  publishedAt: { ...timeOrNull, description: 'When it was written to the topic of dead letters.' },
};

const answer = (subject: Readonly<Record<string, Json>>): Json =>
  object({ commandId: textOrNull, outcome: { enum: ['APPLIED', null], description: 'Null while it waits.' }, affected: count, ...subject });

/** All schemas of this file, by name. */
export const controlSchemas = (): Readonly<Record<string, Json>> => ({
  HistoryEvent: event,
  HistoryEventPage: page('HistoryEvent'),
  Command: command,
  CommandPage: page('Command'),
  Attempt: attempt,
  DeadLetter: object(letterFields),
  DeadLetterPage: page('DeadLetter'),
  DeadLetterDetail: object({ ...letterFields, attempts: list(ref('Attempt')), task: orNull(ref('Task')) }),
  DagCommandAnswer: answer({ dag: orNull(ref('Dag')) }),
  TaskCommandAnswer: answer({ task: orNull(ref('Task')) }),
  LetterCommandAnswer: answer({ letter: ref('DeadLetter') }),
  LetterAnswer: object({ letter: ref('DeadLetter') }),
  BulkReplay: object({ letters: count, repeated: count, lastAt: timeOrNull, more: { type: 'boolean' } }),
  BulkDiscard: object({ letters: count, more: { type: 'boolean' } }),
});
