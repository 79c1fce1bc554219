/** When a failed task is tried again: pure arithmetic, its chance drawn from the task itself so that a replay agrees. */
import type { Backoff } from './dag';

/**
 * Milliseconds to wait after the `failures`-th failed attempt (from 1). `draw` in [0, 1) places the delay within its
 * jitter: the "equal jitter" of AWS's "Exponential Backoff and Jitter", with the jittered share as a parameter.
 */
export const retryDelayMs = (backoff: Backoff, failures: number, draw: number): number => {
  // A power of hundreds of attempts is infinite, and infinitely many times nothing is no number.
  if (backoff.initialMs === 0) return 0;
  const step = Math.max(0, failures - 1);
  const full =
    backoff.type === 'fixed'
      ? backoff.initialMs
      : backoff.type === 'linear'
        ? backoff.initialMs * (1 + backoff.factor * step)
        : backoff.initialMs * Math.pow(backoff.factor, step);
  const capped = Math.min(full, backoff.maxMs);
  return Math.round(capped * (1 - backoff.jitter * draw));
};

/** A number in [0, 1) that depends on nothing but its arguments: FNV-1a, finished by murmur3's mixer. */
export const drawFrom = (text: string, salt: number): number => {
  let hash = 0x811c9dc5 ^ salt;
  for (let i = 0; i < text.length; i++) hash = Math.imul(hash ^ text.charCodeAt(i), 0x01000193);
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
  return ((hash ^ (hash >>> 16)) >>> 0) / 0x1_0000_0000;
};
