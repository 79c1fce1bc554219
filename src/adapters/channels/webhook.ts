/** Deliveries by HTTP POST, signed. Redirects aren't followed: who may be asked is decided by the URL that was given. */
import { isHostAllowed } from '../../core/notices';
import type { ChannelPort, SendAnswer, TakenDelivery } from '../../ports/notices';
import { signatureOf } from './signature';

export interface WebhookSettings {
  /** Hosts that may be asked, `*` standing for any characters; any where there are none. */
  readonly allowedHosts: readonly string[];
  /** What the receiver sees as User-Agent. */
  readonly agent: string;
  readonly now: () => number;
}

const GONE = 410;
const ANSWER_BYTES = 1024;

const failure = (answer: string): SendAnswer => ({ outcome: 'failed', status: null, answer, retryAfterMs: null });

/** The beginning of a body; the rest isn't read. */
const beginningOf = async (response: Response): Promise<string | null> => {
  if (response.body === null) return null;
  const reader: ReadableStreamDefaultReader<Uint8Array> = response.body.getReader();
  const parts: Uint8Array[] = [];
  let size = 0;
  while (size < ANSWER_BYTES) {
    const { done, value } = await reader.read();
    if (done) break;
    parts.push(value);
    size += value.byteLength;
  }
  await reader.cancel().catch(() => undefined);
  const text = new TextDecoder().decode(Buffer.concat(parts).subarray(0, ANSWER_BYTES));
  return text === '' ? null : text;
};

/** Seconds or a date (RFC 9110); null for none, and for what is neither. */
export const retryAfterMs = (header: string | null, now: number): number | null => {
  if (header === null) return null;
  const at = /^\d+$/.test(header.trim()) ? now + Number(header) * 1000 : Date.parse(header);
  return Number.isNaN(at) ? null : Math.max(0, at - now);
};

const reasonOf = (error: unknown, signal: AbortSignal): string => {
  if (signal.aborted && (signal.reason as Error | undefined)?.name === 'TimeoutError') return 'it took too long to answer';
  const { message, cause } = error as Error & { cause?: { message?: unknown; code?: unknown } };
  const why = cause?.code ?? cause?.message;
  return typeof why === 'string' && why !== '' ? `${message}: ${why}` : message;
};

/** Makes the channel. */
export const createWebhookChannel = ({ allowedHosts, agent, now }: WebhookSettings): ChannelPort => {
  const post = async ({ id, url, body, secret }: TakenDelivery, signal: AbortSignal): Promise<SendAnswer> => {
    if (url === null || !URL.canParse(url)) return failure('it has no URL');
    if (!isHostAllowed(new URL(url), allowedHosts)) return failure('the setting notifications.allowedHosts does not allow this host');
    const timestamp = Math.floor(now() / 1000);
    const response = await fetch(url, {
      method: 'POST',
      redirect: 'manual',
      signal,
      body,
      headers: {
        'content-type': 'application/json',
        'user-agent': agent,
        'webhook-id': id,
        'webhook-timestamp': String(timestamp),
        ...(secret === null ? {} : { 'webhook-signature': signatureOf(secret, { id, timestamp, body }) }),
      },
    });
    // An answer whose body never ends was an answer all the same.
    const answer = await beginningOf(response).catch(() => null);
    const outcome = response.ok ? 'delivered' : response.status === GONE ? 'gone' : 'failed';
    return { outcome, status: response.status, answer, retryAfterMs: retryAfterMs(response.headers.get('retry-after'), now()) };
  };
  return {
    send: async (delivery, signal) => {
      try {
        return await post(delivery, signal);
      } catch (error) {
        return failure(reasonOf(error, signal));
      }
    },
  };
};
