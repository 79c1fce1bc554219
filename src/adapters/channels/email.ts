/** Deliveries by e-mail, through one SMTP server. */
import { createTransport } from 'nodemailer';
import type { ChannelPort, SendAnswer, TakenDelivery } from '../../ports/notices';

export interface EmailSettings {
  /** `smtp://user:password@host:587`, or `smtps://`. */
  readonly url: string;
  readonly from: string;
  readonly timeoutMs: number;
}

interface Body {
  readonly timestamp: string;
  readonly data: {
    readonly dag: Readonly<Record<string, unknown>> | null;
    readonly letter: Readonly<Record<string, unknown>> | null;
  };
}

const shown = (value: unknown): string => (typeof value === 'string' ? value : JSON.stringify(value));

const linesOf = (facts: Readonly<Record<string, unknown>> | null): string[] =>
  Object.entries(facts ?? {})
    .filter(([, value]) => value !== null && !(Array.isArray(value) && value.length === 0))
    .map(([name, value]) => `${name}: ${Array.isArray(value) ? value.join(', ') : shown(value)}`);

/** A mail's text: what a webhook is told, a fact a line. */
export const textOf = ({ title, body }: Pick<TakenDelivery, 'title' | 'body'>): string => {
  const { timestamp, data } = JSON.parse(body) as Body;
  const [letter, dag] = [linesOf(data.letter), linesOf(data.dag)];
  return [title, `at: ${timestamp}`, '', ...letter, ...(letter.length > 0 && dag.length > 0 ? [''] : []), ...dag, ''].join('\n');
};

const mailOf = (from: string, delivery: TakenDelivery): object => ({
  from,
  to: [...delivery.addresses],
  subject: delivery.title,
  text: textOf(delivery),
  // The same at every attempt: mail programs show what came twice once.
  messageId: `<${delivery.id}@${from.replace(/^.*@|>.*$/gs, '')}>`,
  headers: { 'Auto-Submitted': 'auto-generated', 'X-Delivery-Id': delivery.id, 'X-Event': delivery.event },
  disableFileAccess: true,
  disableUrlAccess: true,
});

const aborted = (signal: AbortSignal): Promise<never> =>
  new Promise((_resolve, reject) => {
    const end = (): void => {
      reject(signal.reason instanceof Error ? signal.reason : new Error('aborted'));
    };
    if (signal.aborted) end();
    else signal.addEventListener('abort', end, { once: true });
  });

/** Makes the channel. Each mail has a connection of its own: what waited for a shared one would still go out after it was given up. */
export const createEmailChannel = ({ url, from, timeoutMs }: EmailSettings): ChannelPort => {
  const transport = createTransport({ url, connectionTimeout: timeoutMs, greetingTimeout: timeoutMs, socketTimeout: timeoutMs });
  const send = async (delivery: TakenDelivery, signal: AbortSignal): Promise<SendAnswer> => {
    const info = await Promise.race([transport.sendMail(mailOf(from, delivery)), aborted(signal)]);
    const refused = info.rejected.length === 0 ? '' : `; refused: ${info.rejected.map(String).join(', ')}`;
    return { outcome: 'delivered', status: Number(info.response.slice(0, 3)) || null, answer: `${info.response}${refused}`, retryAfterMs: null };
  };
  return {
    send: async (delivery, signal) => {
      try {
        return await send(delivery, signal);
      } catch (error) {
        const { message, responseCode } = error as Error & { responseCode?: number };
        const isLate = signal.aborted && (signal.reason as Error | undefined)?.name === 'TimeoutError';
        return { outcome: 'failed', status: responseCode ?? null, answer: isLate ? 'it took too long' : message, retryAfterMs: null };
      }
    },
  };
};
