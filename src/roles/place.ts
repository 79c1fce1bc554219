/** Where others reach a process. */
import { hostname } from 'node:os';
import type { Config } from '../config';
import type { Place } from '../ports/schedulers';

/** That of a process of this configuration that listens on `port`. */
export const placeOf = ({ server: { advertisedUrl } }: Config, port: number): Place => ({
  host: hostname(),
  port,
  ...(advertisedUrl === null ? {} : { url: advertisedUrl }),
});
