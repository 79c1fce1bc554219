/** The paths of limits, as OpenAPI describes them. */
import { LIMIT_SCOPES } from '../core/limits';
import { away, get, json, missing, ref, sending, wrong, type Json } from './openapiWords';

const limitInPath: readonly Json[] = [
  { name: 'scope', in: 'path', required: true, schema: { enum: LIMIT_SCOPES } },
  {
    name: 'name',
    in: 'path',
    required: true,
    schema: { type: 'string' },
    description: 'The pool, the task type, or the name that tasks give a rate.',
  },
];

/** All paths of limits and of the pools that they limit. */
export const limitPaths = (): Record<string, Json> => ({
  '/api/v1/pools': get({
    operationId: 'listPools',
    summary: 'List the pools: what runs and waits in each, its limit, and whether it is paused',
    tag: 'Operation',
    answers: {
      200: json('Those that tasks of live DAGs are in, that have a limit, or that are paused, by name.', { type: 'array', items: ref('Pool') }),
      400: wrong,
      503: away,
    },
  }),
  '/api/v1/limits': get({
    operationId: 'listLimits',
    summary: 'List the limits of the cluster, with how many tasks run under each',
    tag: 'Operation',
    answers: { 200: json('All of them.', { type: 'array', items: ref('Limit') }), 400: wrong, 503: away },
  }),
  '/api/v1/limits/{scope}/{name}': {
    ...get({
      operationId: 'getLimit',
      summary: 'Get one limit',
      tag: 'Operation',
      parameters: limitInPath,
      answers: { 200: json('The limit.', ref('Limit')), 404: missing('limit'), 503: away },
    }),
    put: sending({
      operationId: 'setLimit',
      summary: 'Limit how many tasks of a pool or a type run at once, or how many begin in a second',
      tag: 'Operation',
      parameters: limitInPath,
      body: 'LimitBody',
      answers: { 200: json('It is so; `changed` is false where it was so already.', ref('LimitAnswer')), 404: missing('task type') },
    }),
    delete: {
      operationId: 'removeLimit',
      summary: 'Remove a limit',
      tags: ['Operation'],
      parameters: limitInPath,
      responses: { 204: { description: 'It is gone.' }, 400: wrong, 404: missing('limit'), 503: away },
    },
  },
});
