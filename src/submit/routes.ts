/** POST /api/v1/dags. */
import express, { Router, type Request, type RequestHandler } from 'express';
import { refusal } from '../core/refusal';
import type { DagView } from '../ports/views';
import type { Submitter } from './submitter';

export interface SubmitRoutesNeeds {
  readonly submitter: Submitter;
  /** Of a body, after it was unpacked. */
  readonly bodyBytes: number;
  /** The JSON text of a DAG, as every other answer shows it. */
  readonly present: (dag: DagView) => string;
}

const LONGEST_KEY = 255;
const JSON_TYPE = /^application\/(?:[\w.+-]+\+)?json\s*(?:;|$)/i;
const OTHER_CHARSET = /;\s*charset\s*=\s*(?!"?utf-?8"?\s*(?:;|$))/i;

const onlyJson: RequestHandler = (request, _response, next) => {
  const type = request.get('Content-Type');
  if (type === undefined || !JSON_TYPE.test(type) || OTHER_CHARSET.test(type)) {
    throw refusal(
      'UNSUPPORTED_MEDIA_TYPE',
      `the body must be JSON in UTF-8 (Content-Type: application/json), not ${type === undefined ? 'of no type' : JSON.stringify(type.slice(0, 100))}`,
      {
        headers: { 'Accept-Post': 'application/json' },
      },
    );
  }
  next();
};

const keyOf = (request: Request): string | null => {
  const key = request.get('Idempotency-Key');
  if (key === undefined) return null;
  if (key.length === 0 || key.length > LONGEST_KEY) throw refusal('WRONG_PARAMETER', `Idempotency-Key must have 1 to ${LONGEST_KEY} characters`);
  return key;
};

/** The routes that take submissions. */
export const submitRoutes = ({ submitter, bodyBytes, present }: SubmitRoutesNeeds): Router => {
  const router = Router();
  // Raw, because the body is parsed once, with words of our own, and hashed as it came.
  const body = express.raw({ type: () => true, limit: bodyBytes, inflate: true });
  router.post('/api/v1/dags', onlyJson, body, async (request, response) => {
    const bytes = Buffer.isBuffer(request.body) ? request.body : Buffer.alloc(0);
    const { dag, replayed } = await submitter.submit(bytes, keyOf(request));
    if (replayed) response.set('Idempotency-Replayed', 'true');
    response
      .status(201)
      .set({ Location: `/api/v1/dags/${dag.dagId}`, 'Content-Type': 'application/json; charset=utf-8' })
      .end(present(dag));
  });
  return router;
};
