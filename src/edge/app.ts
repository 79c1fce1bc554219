/** The express app around the routers of a role: request ids, headers, and an answer for whatever no router answers. */
import { randomUUID } from 'node:crypto';
import { IncomingMessage, ServerResponse } from 'node:http';
import express, { type Express, type RequestHandler, type Router } from 'express';
import { refusal } from '../core/refusal';
import { problemHandler } from './problem';

export interface Answered {
  readonly method: string;
  /** The pattern that matched, never the path with its ids; '(none)' where nothing matched. */
  readonly route: string;
  readonly status: number;
  readonly tookMs: number;
}

export interface AppNeeds {
  /** Each with full paths, mounted at the root. */
  readonly routers: readonly Router[];
  readonly answered: (what: Answered) => void;
  /** Told of errors that no row of the error table knows. */
  readonly unexpected: (error: unknown, requestId: string) => void;
  /** Milliseconds that never go back. */
  readonly monotonic: () => number;
}

const REQUEST_ID = /^[\w.:-]{1,128}$/;

/** Gives each request an id (the client's own, where it sent a decent one), and safe headers. */
const introduce: RequestHandler = (request, response, next) => {
  const given = request.get('X-Request-Id');
  const id = given !== undefined && REQUEST_ID.test(given) ? given : randomUUID();
  response.locals.requestId = id;
  response.set({ 'X-Request-Id': id, 'X-Content-Type-Options': 'nosniff', 'Cache-Control': 'no-store' });
  next();
};

const measure =
  ({ answered, monotonic }: AppNeeds): RequestHandler =>
  (request, response, next) => {
    const begun = monotonic();
    let answeredAt: number | undefined;
    // Of an answer that goes on for hours its end says nothing about how long the client waited for it.
    response.locals.answered = (): void => {
      answeredAt = monotonic();
    };
    response.once('close', () => {
      const route = (request.route as { path?: unknown } | undefined)?.path;
      answered({
        method: request.method,
        route: typeof route === 'string' ? route : '(none)',
        status: response.statusCode,
        tookMs: (answeredAt ?? monotonic()) - begun,
      });
    });
    next();
  };

interface Layer {
  readonly route?: { readonly methods: Readonly<Record<string, boolean>> };
  match(path: string): boolean;
}

/** The methods that any router has for a path. */
const methodsAt = (routers: readonly Router[], path: string): string[] => {
  const layers = routers.flatMap((router) => router.stack as unknown as Layer[]);
  const methods = layers.flatMap((layer) => (layer.route !== undefined && layer.match(path) ? Object.keys(layer.route.methods) : []));
  const upper = new Set(methods.map((method) => method.toUpperCase()));
  if (upper.has('GET')) upper.add('HEAD');
  return [...upper].sort();
};

/** Answers OPTIONS for all routers: left to express, the first router with the path would answer with its own methods only. */
const tellMethods =
  (routers: readonly Router[]): RequestHandler =>
  (request, response, next) => {
    const methods = request.method === 'OPTIONS' ? methodsAt(routers, request.path) : [];
    if (methods.length === 0) next();
    else response.status(204).set('Allow', methods.join(', ')).end();
  };

const nothingMatched =
  (routers: readonly Router[]): RequestHandler =>
  (request) => {
    const methods = methodsAt(routers, request.path);
    if (methods.length === 0) throw refusal('NO_SUCH_PATH', `there is nothing at ${request.path.slice(0, 200)}`);
    throw refusal('METHOD_NOT_ALLOWED', `${request.method} is not allowed here, only ${methods.join(', ')}`, {
      headers: { Allow: methods.join(', ') },
    });
  };

/** The classes of an app's requests and responses, for the server that makes them. */
export interface Messages {
  readonly IncomingMessage: typeof IncomingMessage;
  readonly ServerResponse: typeof ServerResponse;
}

/** A class like `Base` whose objects inherit from `prototype` as they are made. Only a derived class makes V8 remember what they look like. */
const inheriting = <C extends typeof IncomingMessage | typeof ServerResponse>(Base: C, prototype: object): C => {
  const Parent = Base as unknown as new (...given: readonly unknown[]) => object;
  const Derived = class extends Parent {};
  Object.setPrototypeOf(Derived.prototype, prototype);
  return Derived as unknown as C;
};

/**
 * Express gives each message the app's own prototype after it was made. V8 then remembers nothing about any of them: a small POST
 * took 160 µs. Those that have it already keep it, and the POST takes 57.
 */
const messagesOf = (app: Express): Messages => {
  const messages = { IncomingMessage: inheriting(IncomingMessage, app.request), ServerResponse: inheriting(ServerResponse, app.response) };
  Object.assign(app, { request: messages.IncomingMessage.prototype, response: messages.ServerResponse.prototype });
  return messages;
};

/** Puts an app together. */
export const createApp = (needs: AppNeeds): Express & { readonly messages: Messages } => {
  const app = express();
  app.disable('x-powered-by').disable('etag').set('query parser', 'simple');
  app.use(introduce, measure(needs), tellMethods(needs.routers), ...needs.routers, nothingMatched(needs.routers), problemHandler(needs.unexpected));
  return Object.assign(app, { messages: messagesOf(app) });
};
