/** Listens for HTTP and stops gracefully: answers what was asked, then closes. */
import { createServer, type RequestListener, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Service } from '../lifecycle/service';
import type { Messages } from './app';

export interface HttpServerNeeds {
  /** An express app brings classes for its messages. */
  readonly app: RequestListener & { readonly messages?: Messages };
  readonly host: string;
  /** A port (0: any free one), or the first free one from a port on. */
  readonly port: number | { readonly firstFreeFrom: number };
  /** How long a stop waits for answers under way before it cuts them off. */
  readonly drainMs: number;
}

export interface HttpServer extends Service {
  /** The port that it listens on; undefined before the start. */
  port(): number | undefined;
}

const PORTS_TRIED = 100;
const KEEP_ALIVE_MS = 65_000;
const HEADERS_MS = 30_000;
const REQUEST_MS = 300_000;

const hasCode = (error: unknown, code: string): boolean => typeof error === 'object' && error !== null && 'code' in error && error.code === code;
const isTaken = (error: unknown): boolean => hasCode(error, 'EADDRINUSE');

const listen = (server: Server, port: number, host: string): Promise<void> =>
  new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, host, () => {
      server.off('error', reject);
      resolve();
    });
  });

const sentence = (error: unknown, port: number): Error => {
  if (isTaken(error)) return new Error(`port ${port} is taken; choose another with --port or SERVER_PORT`, { cause: error });
  const reason = hasCode(error, 'EACCES') ? 'it needs more rights than this process has' : error instanceof Error ? error.message : String(error);
  return new Error(`can't listen on port ${port}: ${reason}; choose another with --port or SERVER_PORT`, { cause: error });
};

const open = async (server: Server, { port, host }: HttpServerNeeds): Promise<void> => {
  const first = typeof port === 'number' ? port : port.firstFreeFrom;
  const last = typeof port === 'number' ? port : Math.min(65_535, first + PORTS_TRIED - 1);
  for (let candidate = first; ; candidate++) {
    try {
      await listen(server, candidate, host);
      return;
    } catch (error) {
      if (!isTaken(error) || candidate >= last) throw sentence(error, candidate);
    }
  }
};

const close = (server: Server, drainMs: number): Promise<void> =>
  new Promise((resolve) => {
    const cut = setTimeout(() => {
      server.closeAllConnections();
    }, drainMs);
    server.close(() => {
      clearTimeout(cut);
      resolve();
    });
    server.closeIdleConnections();
  });

/** A server for one app. Its start rejects with a sentence that says the way out where the port is taken; it may start again after a stop. */
export const createHttpServer = (needs: HttpServerNeeds): HttpServer => {
  const server = createServer(
    { ...needs.app.messages, keepAliveTimeout: KEEP_ALIVE_MS, headersTimeout: HEADERS_MS, requestTimeout: REQUEST_MS },
    needs.app,
  );
  // While it stops, a connection that is kept alive would otherwise bring one more request after another.
  server.prependListener('request', (_request, response: ServerResponse) => {
    if (!server.listening) response.setHeader('Connection', 'close');
    response.once('close', () => {
      if (!server.listening)
        setImmediate(() => {
          server.closeIdleConnections();
        });
    });
  });
  // Starts and stops happen one after the other, in the order asked.
  let last: Promise<void> = Promise.resolve();
  const then = (next: () => Promise<void>): Promise<void> => {
    const done = last.then(next);
    last = done.catch(() => undefined);
    return done;
  };
  return {
    name: 'http',
    port: () => (server.address() as AddressInfo | null)?.port,
    start: () =>
      then(async () => {
        if (!server.listening) await open(server, needs);
      }),
    stop: () =>
      then(async () => {
        if (server.listening) await close(server, needs.drainMs);
      }),
  };
};
