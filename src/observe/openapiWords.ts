/** The words in which the API's document describes its paths. */
import { DEFAULT_LIMIT, MAX_LIMIT } from './query';

export type Json = Readonly<Record<string, unknown>>;

export const ref = (name: string): Json => ({ $ref: `#/components/schemas/${name}` });
export const json = (description: string, schema: Json): Json => ({ description, content: { 'application/json': { schema } } });
export const problem = (description: string): Json => ({ description, content: { 'application/problem+json': { schema: ref('Problem') } } });
export const inQuery = (name: string, schema: Json, description: string): Json => ({ name, in: 'query', required: false, schema, description });
export const inPath = (name: string): Json => ({ name, in: 'path', required: true, schema: { type: 'string', format: 'uuid' } });
export const workerInPath: Json = { name: 'workerId', in: 'path', required: true, schema: { type: 'string' } };

export const limit = inQuery('limit', { type: 'integer', minimum: 1, maximum: MAX_LIMIT, default: DEFAULT_LIMIT }, 'How many at most.');
export const cursor = inQuery('cursor', { type: 'string' }, 'The nextCursor of the page before.');

export interface Operation {
  readonly operationId: string;
  readonly summary: string;
  readonly tag: 'DAGs' | 'Tasks' | 'Dead letters' | 'Schedules' | 'Notifications' | 'Operation';
  readonly parameters?: readonly Json[];
  readonly answers: Readonly<Record<number, Json>>;
}

export const idempotencyKey: Json = {
  name: 'Idempotency-Key',
  in: 'header',
  required: false,
  schema: { type: 'string', minLength: 1, maxLength: 255 },
  description: 'Makes a repeated request answer the first result, with the header Idempotency-Replayed: true.',
};

export const get = ({ operationId, summary, tag, parameters = [], answers }: Operation): Json => ({
  get: { operationId, summary, tags: [tag], parameters, responses: answers },
});

export const wrong = problem('A parameter is wrong.');
export const away = problem('The database is out of reach.');
export const missing = (what: string): Json => problem(`There is no such ${what}.`);

interface Sending extends Operation {
  readonly body: string;
}

/** What takes a body. */
export const sending = ({ operationId, summary, tag, parameters = [], body, answers }: Sending): Json => ({
  operationId,
  summary,
  tags: [tag],
  parameters: [...parameters],
  requestBody: { required: false, content: { 'application/json': { schema: ref(body) } } },
  responses: {
    ...answers,
    400: problem('The body or a parameter is wrong.'),
    413: problem('The body is too large.'),
    415: problem('The body is no JSON by its type.'),
    503: away,
  },
});
