/** A collector of spans: takes OTLP over HTTP as OpenTelemetry's own collector does (its JSON), and keeps what it was sent. */
import { createServer, type IncomingMessage, type Server } from 'node:http';
import { atEnd } from './cleanup';
import { until } from './until';

export interface CollectedSpan {
  readonly traceId: string;
  readonly spanId: string;
  /** Empty for none. */
  readonly parentSpanId: string;
  readonly name: string;
  /** As OTLP numbers them: 1 internal, 2 server, 3 client, 4 producer, 5 consumer. */
  readonly kind: number;
  readonly startMs: number;
  readonly endMs: number;
  readonly attributes: Readonly<Record<string, string | number | boolean>>;
  /** The message of an error; undefined where the status is none. */
  readonly error: string | undefined;
  /** Of the process that sent it. */
  readonly resource: CollectedSpan['attributes'];
}

export interface Collector {
  readonly url: string;
  readonly spans: CollectedSpan[];
  /** Headers of the requests that came. */
  readonly headers: IncomingMessage['headers'][];
  /** With which status it answers from now on. */
  answer(status: number): void;
  /** Spans of one trace. */
  trace(traceId: string): CollectedSpan[];
  /** Waits for so many spans of a trace. */
  untilTrace(traceId: string, count: number): Promise<CollectedSpan[]>;
  close(): Promise<void>;
}

interface KeyValue {
  readonly key: string;
  readonly value: { readonly stringValue?: string; readonly intValue?: string | number; readonly doubleValue?: number; readonly boolValue?: boolean };
}
interface SentSpan {
  readonly traceId: string;
  readonly spanId: string;
  readonly parentSpanId?: string;
  readonly name: string;
  readonly kind: number;
  readonly startTimeUnixNano: string;
  readonly endTimeUnixNano: string;
  readonly attributes: readonly KeyValue[];
  readonly status: { readonly code?: number; readonly message?: string };
}
interface Sent {
  readonly resourceSpans: readonly {
    readonly resource: { readonly attributes: readonly KeyValue[] };
    readonly scopeSpans: readonly { readonly spans: readonly SentSpan[] }[];
  }[];
}

const valueOf = ({ value }: KeyValue): string | number | boolean =>
  value.stringValue ?? value.boolValue ?? value.doubleValue ?? Number(value.intValue);
const attributesOf = (given: readonly KeyValue[]): CollectedSpan['attributes'] => Object.fromEntries(given.map((one) => [one.key, valueOf(one)]));
const msOf = (nanos: string): number => Number(BigInt(nanos) / 1000n) / 1000;

const spansIn = ({ resourceSpans }: Sent): CollectedSpan[] =>
  resourceSpans.flatMap(({ resource, scopeSpans }) =>
    scopeSpans.flatMap(({ spans }) =>
      spans.map(({ traceId, spanId, parentSpanId = '', name, kind, startTimeUnixNano, endTimeUnixNano, attributes, status }) => ({
        ...{ traceId, spanId, parentSpanId, name, kind },
        startMs: msOf(startTimeUnixNano),
        endMs: msOf(endTimeUnixNano),
        attributes: attributesOf(attributes),
        error: status.code === 2 ? (status.message ?? '') : undefined,
        resource: attributesOf(resource.attributes),
      })),
    ),
  );

const bodyOf = async (request: IncomingMessage): Promise<string> => {
  const parts: Buffer[] = [];
  for await (const part of request) parts.push(part as Buffer);
  return Buffer.concat(parts).toString('utf8');
};

const listen = (server: Server, port: number): Promise<number> =>
  new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, '127.0.0.1', () => {
      resolve((server.address() as { port: number }).port);
    });
  });

/** Starts one, on a free port where none is given; it is stopped when the test file ends. */
export const startCollector = async (port = 0): Promise<Collector> => {
  const [spans, headers] = [[] as CollectedSpan[], [] as IncomingMessage['headers'][]];
  let status = 200;
  const server = createServer((request, response) => {
    void bodyOf(request).then((body) => {
      headers.push(request.headers);
      const isOurs = request.method === 'POST' && request.url === '/v1/traces' && request.headers['content-type'] === 'application/json';
      if (isOurs && status === 200) spans.push(...spansIn(JSON.parse(body) as Sent));
      response.writeHead(isOurs ? status : 404, { 'Content-Type': 'application/json' }).end('{}');
    });
  });
  const own = await listen(server, port);
  const close = (): Promise<void> =>
    new Promise((resolve) => {
      server.close(() => {
        resolve();
      });
      server.closeAllConnections();
    });
  atEnd(close);
  const trace = (traceId: string): CollectedSpan[] => spans.filter((span) => span.traceId === traceId);
  return {
    ...{ url: `http://127.0.0.1:${String(own)}`, spans, headers, trace, close },
    answer: (given) => {
      status = given;
    },
    untilTrace: async (traceId, count) => {
      await until(() => trace(traceId).length >= count, { what: `${String(count)} spans of trace ${traceId}`, timeoutMs: 15_000 }).catch(
        (error: unknown) => {
          const seen = trace(traceId).map(({ name, resource }) => `${String(resource['service.instance.id'])}: ${name}`);
          throw new Error(`${String(error)}; there are:\n${seen.join('\n')}`);
        },
      );
      return trace(traceId);
    },
  };
};
