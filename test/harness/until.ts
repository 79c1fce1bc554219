/** The only place with timers in tests: everything else waits on a condition or a signal. */

export interface UntilOptions {
  /** What is waited for, in words; it is the error's text. */
  readonly what: string;
  /** Milliseconds after which waiting is a failure (10,000 by default). */
  readonly timeoutMs?: number;
  /** Milliseconds between two looks (20 by default). */
  readonly everyMs?: number;
}

const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

/**
 * Looks at a condition until it answers something truthy, and resolves with that answer. A condition that throws counts as
 * not yet met. Rejects after `timeoutMs`, naming `what` and what the last look said.
 */
export async function until<T>(condition: () => T | Promise<T>, options: UntilOptions): Promise<NonNullable<T>> {
  const { what, timeoutMs = 10_000, everyMs = 20 } = options;
  const deadline = performance.now() + timeoutMs;
  let last = 'it was never met';
  for (;;) {
    try {
      const answer = await condition();
      if (answer) return answer;
      last = `the last look answered ${String(answer)}`;
    } catch (error) {
      last = `the last look threw ${error instanceof Error ? error.message : String(error)}`;
    }
    if (performance.now() >= deadline) throw new Error(`waited ${String(timeoutMs)} ms for ${what}: ${last}`);
    await pause(everyMs);
  }
}

/** Resolves with the promise's value, or rejects after `timeoutMs`, naming `what`. */
export async function within<T>(promise: Promise<T>, options: { readonly what: string; readonly timeoutMs?: number }): Promise<T> {
  const { what, timeoutMs = 10_000 } = options;
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_resolve, reject) => {
    timer = setTimeout(() => {
      reject(new Error(`waited ${String(timeoutMs)} ms for ${what}`));
    }, timeoutMs);
  });
  try {
    return await Promise.race([promise, late]);
  } finally {
    clearTimeout(timer);
  }
}
