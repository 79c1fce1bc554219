/** Asks a running process, as the image's health check does. */
import type { Config } from '../config';

/** Where a worker that was given no port looks for a free one first; in a container of its own it finds it free. */
export const FIRST_WORKER_PORT = 8081;

const ASK_MS = 2000;
/** An address that stands for every interface is no address to ask. */
const EVERY_INTERFACE: Readonly<Record<string, string>> = { '0.0.0.0': '127.0.0.1', '::': '[::1]' };

/** Resolves when the process with these settings, on this machine, answers that it lives; rejects with why not. */
export const askLiveness = async ({ server }: Pick<Config, 'server'>): Promise<void> => {
  const { host, port } = server;
  if (port === 0) throw new Error('a process that takes any free port (0) is not found by its settings');
  const url = `http://${EVERY_INTERFACE[host] ?? (host.includes(':') ? `[${host}]` : host)}:${String(port ?? FIRST_WORKER_PORT)}/livez`;
  const answer = await fetch(url, { signal: AbortSignal.timeout(ASK_MS) });
  if (!answer.ok) throw new Error(`${url} answers ${String(answer.status)}`);
};
