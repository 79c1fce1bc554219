/** Server-sent events, as the API sends them, over one connection. */
import { apiError, strangerError, unreachableError } from './errors';
import { addressOf, headersOf, problemOf, type ApiRequest, type RequestSettings } from './requests';

export interface StreamEvent {
  /** It is there to show that the other side lives; only its id counts. */
  readonly isComment: boolean;
  readonly event: string | undefined;
  readonly id: string | undefined;
  readonly data: string | undefined;
}

export interface StreamRequest extends Pick<ApiRequest, 'path' | 'query'> {
  /** Where an earlier connection broke. */
  readonly lastEventId: string | undefined;
  readonly signal: AbortSignal;
}

const eventIn = (block: string): StreamEvent => {
  // Lines end with LF and with nothing else: JSON has U+2028 and U+2029 in it as they are.
  const lines = block.split('\n');
  const field = (name: string): string | undefined => lines.find((line) => line.startsWith(`${name}: `))?.slice(name.length + 2);
  return { isComment: block.startsWith(':'), event: field('event'), id: field('id'), data: field('data') };
};

const open = async ({ url, timeoutMs }: RequestSettings, { lastEventId, signal, ...request }: StreamRequest): Promise<Response> => {
  const address = addressOf(url, request);
  const headers = headersOf({ accept: 'text/event-stream', ...(lastEventId !== undefined && { 'last-event-id': lastEventId }) });
  const late = new AbortController();
  // Only the answer's beginning is waited for: then a stream may be silent for as long as it likes.
  const timer = setTimeout(() => {
    late.abort(new Error(`nothing came within ${String(timeoutMs)} ms`));
  }, timeoutMs);
  try {
    return await fetch(address, { headers, signal: AbortSignal.any([signal, late.signal]) });
  } catch (error) {
    throw unreachableError(url, error);
  } finally {
    clearTimeout(timer);
  }
};

async function* piecesOf(url: string, { body }: Response): AsyncGenerator<string, void, undefined> {
  const decoder = new TextDecoder();
  try {
    for await (const bytes of (body ?? []) as AsyncIterable<Uint8Array>) yield decoder.decode(bytes, { stream: true });
  } catch (error) {
    throw unreachableError(url, error);
  }
}

/** The events of one connection until it ends; throws an ApiError where it is refused, and an UnreachableError where it breaks. */
export async function* eventsOf(settings: RequestSettings, request: StreamRequest): AsyncGenerator<StreamEvent, void, undefined> {
  const response = await open(settings, request);
  if (!response.ok) throw apiError(response.status, problemOf(await response.text().catch(() => '')));
  const type = response.headers.get('content-type') ?? 'something';
  if (!type.startsWith('text/event-stream')) {
    await response.body?.cancel().catch(() => undefined);
    throw strangerError(settings.url, `what answers there is no scheduler: it sends ${type} that is no stream of events`);
  }
  let rest = '';
  for await (const piece of piecesOf(settings.url, response)) {
    const blocks = (rest + piece).split('\n\n');
    rest = blocks.pop() ?? '';
    yield* blocks.map(eventIn);
  }
}
