/** A receiver of webhooks that verifies what it gets and answers as the test wants. */
import { createHmac, timingSafeEqual } from 'node:crypto';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { atEnd } from './cleanup';

export interface Received {
  readonly path: string;
  readonly id: string;
  readonly timestamp: number;
  readonly signature: string;
  readonly contentType: string;
  readonly text: string;
  readonly body: {
    readonly type: string;
    readonly timestamp: string;
    readonly data: { readonly dag: { readonly dagName: string } | null; readonly letter: { readonly taskName: string | null } | null };
  };
}

export interface Receiver {
  readonly url: string;
  readonly port: number;
  readonly received: Received[];
  /** Answers requests from now on; 204 at once by default. */
  answer: (response: ServerResponse, received: Received) => void;
  close(): Promise<void>;
}

const header = (request: IncomingMessage, name: string): string => String(request.headers[name] ?? '');

const textOf = async (request: IncomingMessage): Promise<string> => {
  const parts: Buffer[] = [];
  for await (const part of request) parts.push(part as Buffer);
  return Buffer.concat(parts).toString();
};

/** Listens on a port, any free one by default, until the file ends. */
export const startReceiver = async (port = 0): Promise<Receiver> => {
  const received: Received[] = [];
  const server = createServer((request, response) => {
    void textOf(request).then((text) => {
      const one: Received = {
        path: request.url ?? '',
        id: header(request, 'webhook-id'),
        timestamp: Number(header(request, 'webhook-timestamp')),
        signature: header(request, 'webhook-signature'),
        contentType: header(request, 'content-type'),
        text,
        body: JSON.parse(text) as Received['body'],
      };
      received.push(one);
      receiver.answer(response, one);
    });
  });
  await new Promise<void>((resolve) => server.listen(port, '127.0.0.1', resolve));
  const close = (): Promise<void> =>
    new Promise((resolve) => {
      server.close(() => {
        resolve();
      });
      server.closeAllConnections();
    });
  atEnd(close);
  const bound = (server.address() as AddressInfo).port;
  const receiver: Receiver = {
    url: `http://127.0.0.1:${String(bound)}`,
    port: bound,
    received,
    answer: (response) => response.writeHead(204).end(),
    close,
  };
  return receiver;
};

/** As the specification has it, and none of our code: one of the signatures is right, and the time isn't long ago. */
export const isGenuine = ({ id, timestamp, signature, text }: Received, secret: string): boolean => {
  const expected = createHmac('sha256', Buffer.from(secret.replace(/^whsec_/, ''), 'base64'))
    .update(`${id}.${String(timestamp)}.${text}`)
    .digest();
  const isRight = signature.split(' ').some((each) => {
    const [version, value = ''] = each.split(',');
    const given = Buffer.from(value, 'base64');
    return version === 'v1' && given.length === expected.length && timingSafeEqual(given, expected);
  });
  return isRight && Math.abs(Date.now() / 1000 - timestamp) < 300;
};
