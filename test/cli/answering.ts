/** A server that says what a test wants to hear, and the program that asks it. */
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { Readable } from 'node:stream';
import { runProgram } from '../../src/cli/program';
import { createTerminal } from '../../src/cli/terminal';
import { START } from './views';

interface Said {
  readonly status?: number;
  readonly body: unknown;
  readonly headers?: Readonly<Record<string, string>>;
}

export interface Answering {
  /** What was asked, in order. */
  readonly heard: { readonly line: string; readonly body: unknown; readonly key: string | undefined }[];
  /** By method and path; 404 for anything else. */
  readonly answers: Map<string, Said | ((asked: unknown) => Said)>;
  /** Runs one command line against it. */
  dts(...args: readonly string[]): Promise<{ code: number; out: string; err: string }>;
  close(): Promise<void>;
}

/** Starts one. */
export const answering = async (): Promise<Answering> => {
  const heard: Answering['heard'] = [];
  const answers: Answering['answers'] = new Map();
  const server = createServer((request, response) => {
    let text = '';
    request.setEncoding('utf8').on('data', (piece) => (text += String(piece)));
    request.on('end', () => {
      const line = `${request.method ?? ''} ${decodeURIComponent(request.url ?? '')}`;
      const asked: unknown = text === '' ? undefined : JSON.parse(text);
      heard.push({ line, body: asked, key: request.headers['idempotency-key'] as string | undefined });
      const said = answers.get(line) ?? { status: 404, body: { title: 'nothing here', detail: `no ${line}` } };
      const { status = 200, body, headers } = typeof said === 'function' ? said(asked) : said;
      response.writeHead(status, headers).end(body === undefined ? '' : JSON.stringify(body));
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const url = `http://127.0.0.1:${String((server.address() as AddressInfo).port)}`;
  return {
    heard,
    answers,
    dts: async (...args) => {
      let [out, err] = ['', ''];
      const terminal = createTerminal({
        stdout: { write: (text) => void (out += text) },
        stderr: { write: (text) => void (err += text) },
        colours: false,
      });
      const context = { terminal, stdin: Readable.from([Buffer.from('{"from": "stdin"}')]), now: () => START, pause: () => Promise.resolve() };
      const code = await runProgram(['--url', url, ...args], context, '1.2.3');
      return { code, out, err };
    },
    close: async () => {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
};
