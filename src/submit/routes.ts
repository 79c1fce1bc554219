/** POST /api/v1/dags, for one DAG, and /batch, for many. */
import { Router, type Request, type RequestHandler, type Response } from 'express';
import type { PlannedDag } from '../core/dag';
import { errorRow, refusal } from '../core/refusal';
import { contentTypeIs, drained, jsonOf, bytesOf, keyOf, onlyJson, rawBody, sendJson } from '../edge/requests';
import { problemOf } from '../edge/problem';
import type { DagView } from '../ports/views';
import { submitEach, type Ended } from './batch';
import { elementsOf, linesOf } from './pieces';
import type { Arrival } from './spans';
import type { Submitter } from './submitter';

export interface SubmitRoutesNeeds {
  readonly submitter: Submitter;
  /** Of one submission, after it was unpacked. */
  readonly bodyBytes: number;
  /** The JSON text of a DAG, as every other answer shows it. */
  readonly present: (dag: DagView) => string;
  /** Told of errors that no row of the error table knows. */
  readonly unexpected: (error: unknown, requestId: string) => void;
}

/** An array is checked as a whole before anything of it is stored; what is larger comes line by line. */
const ARRAY_BYTES = 8_388_608;
const ARRAY_LENGTH = 10_000;
const LINES_TYPE = 'application/x-ndjson';

const ONE = '/api/v1/dags';
const BATCH = '/api/v1/dags/batch';

const arrivalOf = (request: Request, route: string): Arrival => ({ route, traceparent: request.get('traceparent') });

/** How one submission of many ended: as it would have been answered alone. */
const endJson = (
  ended: Ended,
  index: number,
  { present, unexpected, requestId }: Pick<SubmitRoutesNeeds, 'present' | 'unexpected'> & { readonly requestId: string },
): { readonly status: number; readonly json: string } => {
  if ('accepted' in ended) {
    const { dag, replayed } = ended.accepted;
    return { status: 201, json: `{"index":${index},"status":201,"replayed":${String(replayed)},"dag":${present(dag)}}` };
  }
  if (errorRow(ended.error) === undefined) unexpected(ended.error, requestId);
  const problem = problemOf(ended.error, requestId);
  return { status: problem.status, json: `{"index":${index},"status":${problem.status},"problem":${JSON.stringify(problem)}}` };
};

/** Everything at once: one answer when all have ended. */
const answerArray = async (request: Request, response: Response, { submitter, bodyBytes, ...needs }: SubmitRoutesNeeds): Promise<void> => {
  const array = jsonOf(request);
  if (!Array.isArray(array)) throw refusal('WRONG_SHAPE', `a batch is a JSON array of submissions, or ${LINES_TYPE}`);
  if (array.length > ARRAY_LENGTH)
    throw refusal('BODY_TOO_LARGE', `an array holds ${ARRAY_LENGTH} submissions at most, not ${array.length}: send lines (${LINES_TYPE})`);
  const telling = { ...needs, requestId: response.locals.requestId as string };
  const results: string[] = [];
  let accepted = 0;
  for await (const ended of submitEach(submitter, elementsOf(bytesOf(request)), {
    key: keyOf(request),
    limitBytes: bodyBytes,
    arrival: arrivalOf(request, BATCH),
  })) {
    const { status, json } = endJson(ended, results.length, telling);
    if (status === 201) accepted += 1;
    results.push(json);
  }
  response
    .status(200)
    .set('Content-Type', 'application/json; charset=utf-8')
    .end(`{"accepted":${accepted},"refused":${results.length - accepted},"results":[${results.join(',')}]}`);
};

/** Clients that read only when they have sent everything are served all the same, up to so many bytes of answers. */
const UNREAD_BYTES = 16_777_216;

/** Line by line: what was stored is answered while more comes, and more is read only as it is stored. */
const answerLines = async (request: Request, response: Response, { submitter, bodyBytes, ...needs }: SubmitRoutesNeeds): Promise<void> => {
  if (request.get('Content-Encoding') !== undefined) throw refusal('UNSUPPORTED_ENCODING', `${LINES_TYPE} is taken as it is, without an encoding`);
  const key = keyOf(request);
  const arrival = arrivalOf(request, BATCH);
  const telling = { ...needs, requestId: response.locals.requestId as string };
  response.status(200).set('Content-Type', `${LINES_TYPE}; charset=utf-8`);
  let index = 0;
  try {
    for await (const ended of submitEach(submitter, linesOf(request, bodyBytes), { key, limitBytes: bodyBytes, arrival })) {
      response.write(`${endJson(ended, index, telling).json}\n`);
      index += 1;
      if (response.writableLength > UNREAD_BYTES) await drained(response);
    }
  } catch (error) {
    // Whoever sent it has gone: what came whole is stored, and nobody is there to be told.
    if (request.destroyed) return;
    throw error;
  }
  response.end();
};

/** An array is read whole, a stream isn't read here at all. */
const readArray = (bodyBytes: number): RequestHandler => {
  const read = rawBody(Math.min(bodyBytes, ARRAY_BYTES));
  return (request, response, next) => {
    if (contentTypeIs(request, LINES_TYPE)) next();
    else {
      onlyJson(request, response, () => {
        read(request, response, next);
      });
    }
  };
};

/** What a submission would be; a wrong one is refused as it would be. */
const validJson = ({ name, tasks }: PlannedDag): string =>
  JSON.stringify({
    dagName: name,
    totalTasks: tasks.length,
    totalDependencies: tasks.reduce((sum, { dependencies }) => sum + dependencies.length, 0),
  });

/** The routes that take submissions. */
export const submitRoutes = (needs: SubmitRoutesNeeds): Router => {
  const { submitter, bodyBytes, present } = needs;
  const router = Router();
  router.post(ONE, onlyJson, rawBody(bodyBytes), async (request, response) => {
    const { dag, replayed } = await submitter.submit(bytesOf(request), keyOf(request), { arrival: arrivalOf(request, ONE) });
    if (replayed) response.set('Idempotency-Replayed', 'true');
    response
      .status(201)
      .set({ Location: `/api/v1/dags/${dag.dagId}`, 'Content-Type': 'application/json; charset=utf-8' })
      .end(present(dag));
  });
  router.post('/api/v1/dags/validate', onlyJson, rawBody(bodyBytes), async (request, response) => {
    sendJson(response, validJson(await submitter.check(bytesOf(request))));
  });
  router.post(BATCH, readArray(bodyBytes), async (request, response) => {
    await (contentTypeIs(request, LINES_TYPE) ? answerLines : answerArray)(request, response, needs);
  });
  return router;
};
