/** How lists and long texts are answered. */
import type { Request, Response } from 'express';
import { drained, sendJson } from '../../edge/requests';
import type { Page } from '../lists';
import type { Query } from '../query';

/** What stands behind the question mark. */
export const queryOf = (request: Request): Query => request.query;

/** Says where the next page is (RFC 8288): the same query, with the cursor. */
export const sendPage = (request: Request, response: Response, { json, nextCursor, limit }: Page, parameter = 'cursor'): void => {
  if (nextCursor !== null) {
    const next = new URLSearchParams(
      Object.entries(queryOf(request)).flatMap(([name, value]) => [value].flat().map((one) => [name, String(one)] as [string, string])),
    );
    next.set('limit', String(limit));
    next.set(parameter, nextCursor);
    response.set('Link', `<${request.path}?${next.toString()}>; rel="next"`);
  }
  sendJson(response, json);
};

/** Sends pieces as they come. The first is made before anything is sent, so that an early failure is still a proper answer. */
export const sendPieces = async (response: Response, pieces: AsyncGenerator<string>, type = 'application/json'): Promise<void> => {
  for await (const piece of pieces) {
    if (!response.headersSent) response.status(200).set('Content-Type', `${type}; charset=utf-8`);
    if (response.destroyed) return;
    if (!response.write(piece)) await drained(response);
  }
  response.end();
};
