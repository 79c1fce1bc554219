/** The API's OpenAPI 3.1 document: submissions from the schemas that validate them, answers from here. */
import { readings } from './openapiPaths';
import { answerSchemas } from './openapiSchemas';

type Json = Readonly<Record<string, unknown>>;

export interface OpenApiNeeds {
  readonly version: string;
  /** Schemas of a submission by name, `DagDto` among them, with references below `#/components/schemas/`. */
  readonly submission: Readonly<Record<string, Json>>;
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

const problem = (description: string): Json => ({
  description,
  content: { 'application/problem+json': { schema: { $ref: '#/components/schemas/Problem' } } },
});

const submit: Json = {
  operationId: 'submitDag',
  summary: 'Submit a DAG',
  tags: ['DAGs'],
  parameters: [
    {
      name: 'Idempotency-Key',
      in: 'header',
      required: false,
      schema: { type: 'string', minLength: 1, maxLength: 255 },
      description: 'Makes a repeated request answer the first result, with the header Idempotency-Replayed: true.',
    },
  ],
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
    503: problem('The server can take no DAG at this moment.'),
  },
};

/** Builds the document. */
export const openApiDocument = ({ version, submission }: OpenApiNeeds): Json => {
  const paths = readings();
  return {
    openapi: '3.1.0',
    info: { title: 'Distributed task scheduler', version, description: 'Submit DAGs of tasks, and see what becomes of them.' },
    servers: [{ url: '/' }],
    tags: [{ name: 'DAGs' }, { name: 'Tasks' }, { name: 'Operation' }],
    paths: { ...paths, '/api/v1/dags': { ...(paths['/api/v1/dags'] as Json), post: submit } },
    components: { schemas: { ...submission, ...answerSchemas() } },
  };
};
