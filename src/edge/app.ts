/** The express app around the routers of a role: request ids, headers, and an answer for whatever no router answers. */
import { IncomingMessage, ServerResponse } from 'node:http';
import express, { type Express, type RequestHandler, type Router } from 'express';
import { headersFor, nothingFor, requestIdFrom, type Watching } from './answering';
import { problemHandler } from './problem';

export interface AppNeeds extends Watching {
  /** Each with full paths, mounted at the root. */
  readonly routers: readonly Router[];
}

/** Gives each request an id (the client's own, where it sent a decent one), and safe headers. */
const introduce: RequestHandler = (request, response, next) => {
  const id = requestIdFrom(request.get('X-Request-Id'));
  response.locals.requestId = id;
  response.set(headersFor(id));
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
    throw nothingFor(request.method, request.path, methodsAt(routers, request.path));
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
