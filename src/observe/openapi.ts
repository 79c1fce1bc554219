/** The API's OpenAPI 3.1 document: submissions from the schemas that validate them, answers from here. */
import { controls } from './openapiControl';
import { readings } from './openapiPaths';
import { schedulePaths, scheduleSchemas } from './openapiSchedules';
import { answerSchemas } from './openapiSchemas';
import { idempotencyKey, problem, type Json } from './openapiWords';

export interface OpenApiNeeds {
  readonly version: string;
  /** Schemas of what clients send, by name, with references below `#/components/schemas/`: `DagDto` and what it refers to, and the bodies of commands. */
  readonly bodies: Readonly<Record<string, Json>>;
}

const EXAMPLE = {
  dagName: 'Linear Pipeline',
  description: 'Three steps, one after the other',
  tasks: [
    { taskName: 'task1', type: 'DATA_PROCESSING', dependencies: [] },
    { taskName: 'task2', type: 'API_CALL', dependencies: ['task1'], priority: 7 },
    { taskName: 'task3', type: 'NOTIFICATION', dependencies: ['task2'] },
  ],
};

const submit: Json = {
  operationId: 'submitDag',
  summary: 'Submit a DAG',
  tags: ['DAGs'],
  parameters: [idempotencyKey],
  requestBody: { required: true, content: { 'application/json': { schema: { $ref: '#/components/schemas/DagDto' }, example: EXAMPLE } } },
  responses: {
    201: {
      description: 'Stored; it will run.',
      headers: { Location: { description: 'The path of the DAG.', schema: { type: 'string' } } },
      content: { 'application/json': { schema: { $ref: '#/components/schemas/Dag' } } },
    },
    400: problem('The body is not JSON, or fields are wrong.'),
    413: problem('The body or the DAG is beyond the limits.'),
    415: problem('The body is no JSON by its type.'),
    422: problem('The DAG cannot be run: its graph or its types are wrong, or the key came with another body.'),
    429: problem('Too much work waits already: the header Retry-After says when to come again.'),
    503: problem('The server can take no DAG at this moment.'),
  },
};

const DAG: Json = { $ref: '#/components/schemas/DagDto' };

const validate: Json = {
  operationId: 'validateDag',
  summary: 'Check a DAG as a submission is checked, and store nothing',
  tags: ['DAGs'],
  requestBody: { required: true, content: { 'application/json': { schema: DAG, example: EXAMPLE } } },
  responses: {
    200: {
      description: 'It would be taken.',
      content: { 'application/json': { schema: { $ref: '#/components/schemas/ValidDag' } } },
    },
    400: problem('The body is no JSON, or a field is missing or wrong: `errors` names each by its path.'),
    413: problem('The body, or the DAG, is larger than the limits.'),
    415: problem('The body is not JSON by its type.'),
    422: problem('The DAG makes no sense: a cycle, an unknown dependency, a repeated name, an unknown type.'),
  },
};

const submitBatch: Json = {
  operationId: 'submitDags',
  summary: 'Submit many DAGs, each stored or refused by itself',
  tags: ['DAGs'],
  parameters: [{ ...idempotencyKey, description: 'Makes a repeated batch answer the first results: each place in it has a key of its own.' }],
  requestBody: {
    required: true,
    content: {
      'application/json': { schema: { type: 'array', items: DAG }, example: [EXAMPLE] },
      'application/x-ndjson': {
        schema: {
          type: 'string',
          description: 'A submission a line, as many as there are: they are read as they are stored, for five minutes at the most.',
        },
      },
    },
  },
  responses: {
    200: {
      description: 'How each submission ended, in their order: for an array all at once, for lines a line each, while more come.',
      content: {
        'application/json': { schema: { $ref: '#/components/schemas/BatchResult' } },
        'application/x-ndjson': { schema: { $ref: '#/components/schemas/SubmissionResult' } },
      },
    },
    400: problem('The body is no JSON array; nothing was stored.'),
    413: problem('The array is larger than 8 MB, or holds more than 10,000 submissions: send lines.'),
    415: problem('The body is neither JSON nor lines of JSON by its type.'),
  },
};

/** The methods of each path, from several parts of the document. */
const merged = (...parts: readonly Readonly<Record<string, Json>>[]): Record<string, Json> => {
  const paths: Record<string, Json> = {};
  for (const part of parts) for (const [path, methods] of Object.entries(part)) paths[path] = { ...paths[path], ...methods };
  return paths;
};

/** Builds the document. */
export const openApiDocument = ({ version, bodies }: OpenApiNeeds): Json => ({
  openapi: '3.1.0',
  info: { title: 'Distributed task scheduler', version, description: 'Submit DAGs of tasks, see what becomes of them, and step in.' },
  servers: [{ url: '/' }],
  tags: [{ name: 'DAGs' }, { name: 'Tasks' }, { name: 'Dead letters' }, { name: 'Schedules' }, { name: 'Notifications' }, { name: 'Operation' }],
  paths: merged(readings(), controls(), schedulePaths(), {
    '/api/v1/dags': { post: submit },
    '/api/v1/dags/batch': { post: submitBatch },
    '/api/v1/dags/validate': { post: validate },
  }),
  components: { schemas: { ...bodies, ...answerSchemas(), ...scheduleSchemas() } },
});
