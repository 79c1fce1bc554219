/** A real HTTP server that keeps what it is asked and answers what a test wants to hear. */
import { createServer, type IncomingHttpHeaders, type Server } from 'node:http';
import { createServer as createSecure } from 'node:https';
import type { AddressInfo } from 'node:net';
import { atEnd } from '../../harness/cleanup';

export interface Heard {
  readonly line: string;
  readonly headers: IncomingHttpHeaders;
  readonly body: unknown;
}

export interface Answering {
  readonly heard: Heard[];
  /** The next answers, in order; then `otherwise`. */
  readonly next: { readonly status: number; readonly body?: unknown }[];
  readonly url: string;
}

interface AnsweringNeeds {
  readonly otherwise: (heard: Heard) => { readonly status: number; readonly body?: unknown };
  /** A Unix socket; a port by default. */
  readonly socket?: string;
  readonly tls?: { readonly key: string; readonly cert: string };
}

/** Starts one; it ends with the test file. */
export const answering = async ({ otherwise, socket, tls }: AnsweringNeeds): Promise<Answering> => {
  const heard: Heard[] = [];
  const next: Answering['next'] = [];
  const handle: Parameters<typeof createServer>[1] = (request, response) => {
    let text = '';
    request.setEncoding('utf8').on('data', (piece) => (text += String(piece)));
    request.on('end', () => {
      const one = {
        line: `${request.method ?? ''} ${request.url ?? ''}`,
        headers: request.headers,
        body: text === '' ? undefined : JSON.parse(text),
      };
      heard.push(one);
      const { status, body } = next.shift() ?? otherwise(one);
      response.writeHead(status, { 'Content-Type': 'application/json' }).end(body === undefined ? '' : JSON.stringify(body));
    });
  };
  const server: Server = tls === undefined ? createServer(handle) : createSecure(tls, handle);
  await new Promise<void>((resolve) => (socket === undefined ? server.listen(0, '127.0.0.1', resolve) : server.listen(socket, resolve)));
  atEnd(() => {
    server.closeAllConnections();
    server.close();
  });
  return { heard, next, url: socket ?? `${tls === undefined ? 'http' : 'https'}://127.0.0.1:${String((server.address() as AddressInfo).port)}` };
};
