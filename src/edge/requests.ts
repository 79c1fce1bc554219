/** What routes read of requests, and how they answer: JSON in, JSON out. */
import express, { type Request, type RequestHandler, type Response } from 'express';
import { parseJson } from '../core/json';
import { refusal } from '../core/refusal';
import { FIRING_KEYS } from '../core/schedule';

const LONGEST_KEY = 255;
const JSON_TYPE = /^application\/(?:[\w.+-]+\+)?json\s*(?:;|$)/i;
const OTHER_CHARSET = /;\s*charset\s*=\s*(?!"?utf-?8"?\s*(?:;|$))/i;

const mustBeJson = (request: Request): void => {
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
};

/** Refuses bodies that say to be anything but JSON in UTF-8. */
export const onlyJson: RequestHandler = (request, _response, next) => {
  mustBeJson(request);
  next();
};

const hasBody = (request: Request): boolean => request.get('Transfer-Encoding') !== undefined || Number(request.get('Content-Length') ?? 0) > 0;

/**
 * As `onlyJson`, but a request without a body needs no type: most commands have nothing to add to their path. A browser's does (it
 * says its Origin): a page of somebody else's can send that one without asking, but none that says to be JSON
 * (https://fetch.spec.whatwg.org/#cors-safelisted-request-header).
 */
export const jsonOrNothing: RequestHandler = (request, _response, next) => {
  if (hasBody(request) || request.get('Origin') !== undefined) mustBeJson(request);
  next();
};

/** Reads bodies up to a limit as they are, because they are parsed once, with words of our own, and hashed as they came. */
export const rawBody = (limitBytes: number): RequestHandler => express.raw({ type: () => true, limit: limitBytes, inflate: true });

/** What commands say is short, and is parsed between everything else that a process does. */
const COMMAND_BYTES = 2_097_152;

/** Reads the body of a command: as `rawBody`, but never much. */
export const commandBody = (limitBytes: number): RequestHandler => rawBody(Math.min(limitBytes, COMMAND_BYTES));

/** What `rawBody` read. */
export const bytesOf = (request: Request): Uint8Array => (Buffer.isBuffer(request.body) ? request.body : Buffer.alloc(0));

/** Where what is wrong is looked for: it takes ten times as long as to parse what is right. */
const LOOKED_AT = 1_000_000;

/** The body as a value, undefined for none; refuses what is no JSON. */
export const jsonOf = (request: Request): unknown => {
  const bytes = bytesOf(request);
  if (bytes.length === 0) return undefined;
  const parsed = parseJson(bytes, LOOKED_AT);
  if (parsed.kind === 'broken') throw refusal('MALFORMED_JSON', parsed.detail);
  return parsed.value;
};

/** The client's Idempotency-Key; null for none. */
export const keyOf = (request: Request): string | null => {
  const key = request.get('Idempotency-Key');
  if (key === undefined) return null;
  if (key.length === 0 || key.length > LONGEST_KEY) throw refusal('WRONG_PARAMETER', `Idempotency-Key must have 1 to ${LONGEST_KEY} characters`);
  if (key.startsWith(FIRING_KEYS))
    throw refusal('WRONG_PARAMETER', `Idempotency-Key must not begin with ${FIRING_KEYS}: such keys are of what schedules submit`);
  return key;
};

/** A part of the path; empty where the pattern has none of this name. */
export const param = (request: Request, name: string): string => {
  const value = request.params[name];
  return typeof value === 'string' ? value : '';
};

/** Aborted when the client goes away. */
export const gone = (response: Response): AbortSignal => {
  const controller = new AbortController();
  response.once('close', () => {
    controller.abort();
  });
  return controller.signal;
};

/** Whether a body says to be of this type, whatever its parameters. */
export const contentTypeIs = (request: Request, type: string): boolean => request.get('Content-Type')?.split(';')[0]?.trim().toLowerCase() === type;

/** A client that takes nothing for so long is cut off: it would keep what is made for it, and its place among those that may follow. */
const STUCK_MS = 60_000;

/** Resolves when the client can take more; rejects when it has gone. */
export const drained = (response: Response): Promise<void> =>
  new Promise((resolve, reject) => {
    // Where nobody listens to a timeout, the server ends the connection.
    response.setTimeout(STUCK_MS);
    const settle = (): void => {
      response.setTimeout(0).off('drain', settle).off('close', settle);
      if (response.destroyed) reject(refusal('UNEXPECTED', 'the client has gone'));
      else resolve();
    };
    response.on('drain', settle).on('close', settle);
  });

/** An answer that goes on as long as both sides live (server-sent events). */
export interface EventStream {
  /** Sends the headers, and how long a client waits before it connects again. */
  begin(retryMs: number): void;
  /** Whether the client takes more at once. */
  write(bytes: Uint8Array): boolean;
  onDrain(then: () => void): void;
  /** Ends the answer in order. */
  end(): void;
  /** Cuts the connection: what wasn't read is lost. */
  cut(): void;
}

export const eventStream = (response: Response): EventStream => ({
  begin: (retryMs) => {
    response.status(200).set({ 'Content-Type': 'text/event-stream; charset=utf-8', 'X-Accel-Buffering': 'no' });
    // A client that goes away while it is written to is no error.
    response.on('error', () => undefined);
    (response.locals.answered as (() => void) | undefined)?.();
    response.socket?.setNoDelay(true);
    response.write(`retry: ${retryMs}\n\n`);
  },
  write: (bytes) => !response.writableEnded && !response.destroyed && response.write(bytes),
  onDrain: (then) => {
    response.on('drain', then);
  },
  end: () => {
    response.end();
  },
  cut: () => {
    response.destroy();
  },
});

export const sendJson = (response: Response, json: string, status = 200): void => {
  response.status(status).set('Content-Type', 'application/json; charset=utf-8').end(json);
};
