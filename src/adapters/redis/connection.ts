/** The one place that opens connections to Redis. */
import { createHash } from 'node:crypto';
import { failure } from '../../core/failure';
import { pause, within, type Timing } from '../../lifecycle/timing';
import { createClient, type Client } from './client';

export interface RedisConnectionNeeds {
  readonly url: string;
  readonly clock: Timing;
  /** How long a call may take before it rejects, in milliseconds. */
  readonly timeoutMs: number;
  /** Told when the connection is lost or can't be made; it is tried again for ever. */
  onError(error: unknown): void;
  /** Told of each call, how long it took and whether it was answered. */
  onCall?(ms: number, isAnswered: boolean): void;
}

/** A Lua script; it is sent once and then called by its hash. */
export interface Script {
  readonly text: string;
  readonly sha: string;
}

export interface RedisConnection {
  /** Runs a script without keys, so that it reaches nothing but one Redis; rejects with LEASES_UNAVAILABLE. */
  run(script: Script, args: readonly string[]): Promise<unknown>;
  ping(): Promise<void>;
  close(): Promise<void>;
}

const LONGEST_WAIT_MS = 500;
/** Calls that may wait for their answers: far more than a batching caller ever has. */
const MAX_WAITING = 10_000;

const connectTimeoutOf = (timeoutMs: number): number => Math.max(timeoutMs, 1000);

export const script = (text: string): Script => ({ text, sha: createHash('sha1').update(text).digest('hex') });

/** A client, and when its connection last showed a sign of life or death: by `clock.monotonic`. */
const openClient = ({ url, clock, timeoutMs, onError }: RedisConnectionNeeds) => {
  const client = createClient({
    url,
    socket: {
      connectTimeout: connectTimeoutOf(timeoutMs),
      // With jitter, so that a fleet doesn't come back in one moment.
      reconnectStrategy: (retries) => 20 + clock.random() * Math.min(LONGEST_WAIT_MS, 20 * 2 ** Math.min(retries, 10)),
    },
    disableOfflineQueue: true,
    commandsQueueMaxLength: MAX_WAITING,
    // Its own limit costs a timer, a signal and a DOMException for each command, also those that were answered; `call` has one.
    commandOptions: { timeout: 0 },
    maintNotifications: 'disabled',
    disableClientInfo: true,
  });
  const opened = { client, signAt: clock.monotonic() };
  const sign = (): void => {
    opened.signAt = clock.monotonic();
  };
  client.on('connect', sign).on('reconnecting', sign).on('error', sign);
  // An outage is told once, not at each try to connect again.
  let told: string | undefined;
  client.on('error', (error: Error) => {
    if (error.message !== told) onError(error);
    told = error.message;
  });
  client.on('ready', () => {
    told = undefined;
  });
  // It retries for ever: a rejection means that it was closed.
  client.connect().catch(() => undefined);
  return opened;
};
type Opened = ReturnType<typeof openClient>;

const untilReady = async (client: Client, { clock, timeoutMs }: RedisConnectionNeeds): Promise<void> => {
  if (client.isReady) return;
  const given = new AbortController();
  const ready = (): void => {
    given.abort();
  };
  client.once('ready', ready);
  await pause(clock, timeoutMs, given.signal);
  client.off('ready', ready);
};

const evaluate = async (client: Client, { text, sha }: Script, args: readonly string[]): Promise<unknown> => {
  try {
    return await client.sendCommand(['EVALSHA', sha, '0', ...args]);
  } catch (error) {
    if (!(error instanceof Error) || !error.message.startsWith('NOSCRIPT')) throw error;
    return client.sendCommand(['EVAL', text, '0', ...args]);
  }
};

/** Begins to connect at once; calls that come before wait for it, within their time. */
export const createRedisConnection = (needs: RedisConnectionNeeds): RedisConnection => {
  const { clock, timeoutMs } = needs;
  let opened: Opened | undefined = openClient(needs);

  const replace = (silent: Opened): void => {
    if (opened !== silent) return;
    // Node never learns that the other side of an idle TCP connection is gone or frozen: a new one is the only test.
    silent.client.destroy();
    opened = openClient(needs);
  };
  /** Connected, as far as TCP goes, and greeted without an answer: the client itself would wait for ever. */
  const isStuck = ({ client, signAt }: Opened): boolean => !client.isReady && clock.monotonic() - signAt > 2 * connectTimeoutOf(timeoutMs);
  const call = async (send: (client: Client) => Promise<unknown>): Promise<unknown> => {
    const used = opened;
    if (used === undefined) throw failure('LEASES_UNAVAILABLE', 'the connection to Redis is closed');
    const late = new Error(`Redis gave no answer within ${String(timeoutMs)} ms`);
    const began = clock.monotonic();
    try {
      await untilReady(used.client, needs);
      const answer = await within(clock, timeoutMs, send(used.client), () => late);
      needs.onCall?.(clock.monotonic() - began, true);
      return answer;
    } catch (error) {
      needs.onCall?.(clock.monotonic() - began, false);
      if ((error === late && used.client.isReady) || isStuck(used)) replace(used);
      throw failure('LEASES_UNAVAILABLE', `Redis is out of reach: ${error instanceof Error ? error.message : String(error)}`, error);
    }
  };
  return {
    run: (which, args) => call((used) => evaluate(used, which, args)),
    ping: async () => {
      await call((used) => used.sendCommand(['PING']));
    },
    close: async () => {
      const closing = opened?.client;
      opened = undefined;
      if (closing === undefined) return;
      if (closing.isReady) await within(clock, timeoutMs, closing.close(), () => new Error('late')).catch(() => undefined);
      if (closing.isOpen) closing.destroy();
    },
  };
};

/** The reply of a script that answers a list of texts and whole numbers. */
export const listOf = (reply: unknown): string[] => {
  if (!Array.isArray(reply)) throw failure('LEASES_UNAVAILABLE', 'Redis gave an answer of another shape');
  return reply.map(String);
};
