/** What every command is handed, and the options that all of them have. */
import type { Readable } from 'node:stream';
import type { Command } from 'commander';
import { type Client, createClient } from '../sdk';
import { usageError } from './exitCodes';
import type { Terminal } from './terminal';

export interface Context {
  readonly terminal: Terminal;
  readonly stdin: Readable;
  /** Milliseconds since 1970. */
  readonly now: () => number;
  readonly pause: (ms: number) => Promise<unknown>;
  /** What the process leaves with when nothing throws. */
  leaveWith(code: number): void;
}

interface GlobalOptions {
  readonly url: string;
  readonly json?: true;
}

/** A stopped server is told within a second; a busy one gets a few tries. */
const RETRIES = 3;

const isAddress = (text: string): boolean => URL.canParse(text) && /^https?:$/.test(new URL(text).protocol);

export const clientFor = (command: Command): Client => {
  const { url } = command.optsWithGlobals<GlobalOptions>();
  if (!isAddress(url)) throw usageError(`--url or DTS_URL: "${url}" is no address like http://localhost:8080`);
  return createClient({ url, retries: RETRIES });
};

export const wantsJson = (command: Command): boolean => command.optsWithGlobals<GlobalOptions>().json === true;
