/** The log of a task, as OpenAPI describes it. */
import { LINE_LEVELS, LINE_STREAMS } from '../core/logLine';
import { count, object, page, text, time } from './openapiShapes';
import { inPath, inQuery, get, missing, problem, ref, wrong, type Json } from './openapiWords';
import { DEFAULT_LINES, LOG_FORMATS, MAX_LIMIT } from './query';

export const logSchemas = (): Readonly<Record<string, Json>> => ({
  TaskLogLine: object({
    id: { ...text, description: 'Where a reader goes on behind it: `after`, or Last-Event-ID.' },
    attempt: count,
    worker: text,
    line: { ...count, description: 'From 1 within the attempt.' },
    time,
    level: { enum: LINE_LEVELS },
    stream: { enum: LINE_STREAMS, description: 'log: by the handler’s logger; the others were printed.' },
    text,
    fields: { type: ['object', 'null'], description: 'What came with it, without secrets.' },
    dropped: { type: ['integer', 'null'], description: 'So many lines are missing here, because more came than is kept; null for a line.' },
  }),
  TaskLogPage: page('TaskLogLine'),
});

/** Its path. */
export const logPaths = (): Record<string, Json> => ({
  '/api/v1/tasks/{taskId}/logs': get({
    operationId: 'getTaskLogs',
    summary: 'What a task logged and printed: a page, the whole as text, or a stream that goes on while the task does',
    tag: 'Tasks',
    parameters: [
      inPath('taskId'),
      inQuery('attempt', { type: 'integer', minimum: 1 }, 'Of this attempt only.'),
      inQuery('after', { type: 'string' }, 'The id of a line, or the nextCursor of the page before: only what comes after it.'),
      inQuery('limit', { type: 'integer', minimum: 1, maximum: MAX_LIMIT, default: DEFAULT_LINES }, 'How many lines a page has at most.'),
      inQuery('search', { type: 'string', maxLength: 512 }, 'Only lines whose text or fields hold this, in any case.'),
      inQuery('follow', { type: 'boolean' }, 'Server-sent events: `line` for each line, as they come, and `end` when the task is final.'),
      inQuery('download', { type: 'boolean' }, 'As a file, of text unless `format` says otherwise.'),
      inQuery('format', { enum: LOG_FORMATS }, 'All of it as text, as with Accept: text/plain; pages of JSON by default.'),
      {
        name: 'Last-Event-ID',
        in: 'header',
        required: false,
        schema: { type: 'string' },
        description: 'The id of the last line that a stream brought: it goes on behind it.',
      },
    ],
    answers: {
      200: {
        description: 'Lines in the order in which they came; the header Link of a page has the next one.',
        content: {
          'application/json': { schema: ref('TaskLogPage') },
          'text/plain': { schema: { type: 'string' } },
          'text/event-stream': { schema: { type: 'string' } },
        },
      },
      400: wrong,
      404: missing('task'),
      503: problem('The database is out of reach, or as many clients follow logs here as may.'),
    },
  }),
});
