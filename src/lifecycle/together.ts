/** Several services that live as one. */
import type { Service } from './service';

interface Life {
  /** What was started or is being started, in order. */
  readonly touched: Service[];
  over: boolean;
  /** Settles when the starting is over, whatever its end. */
  starting: Promise<void>;
  /** What `start` answered. */
  ready: Promise<void>;
}

const settled = (promise: Promise<unknown> | undefined): Promise<void> =>
  Promise.resolve(promise).then(
    () => undefined,
    () => undefined,
  );

/** Stops all, the last started first, also when one fails to stop; then rejects with what went wrong. */
const stopAll = async (services: readonly Service[]): Promise<void> => {
  const errors: unknown[] = [];
  for (const service of [...services].reverse()) await service.stop().catch((error: unknown) => errors.push(error));
  if (errors.length === 1) throw errors[0];
  if (errors.length > 1) throw new AggregateError(errors, 'several services failed to stop');
};

const endLife = async (ending: Life, earlier: Promise<void>): Promise<void> => {
  await settled(earlier);
  // Whoever is being started is told before its start is awaited: it may wait for something that never comes.
  await settled(ending.touched.at(-1)?.stop());
  await settled(ending.starting);
  await stopAll(ending.touched);
};

/**
 * Starts `services` in order and stops them in reverse. When one fails to start, or `stop` comes while starting, what was
 * started is stopped again and `start` rejects. A start during a stop waits for it; a second start answers as the first.
 */
export const together = (name: string, services: readonly Service[]): Service => {
  let life: Life | undefined;
  let stopping: Promise<void> = Promise.resolve();

  const end = (ending: Life): Promise<void> => {
    if (life !== ending) return stopping;
    life = undefined;
    ending.over = true;
    stopping = endLife(ending, stopping);
    stopping.catch(() => undefined);
    return stopping;
  };
  const startInOrder = async (own: Life): Promise<void> => {
    await settled(stopping);
    for (const service of services) {
      if (own.over) break;
      own.touched.push(service);
      await service.start();
    }
    if (own.over) throw new Error(`${name} was stopped while it was starting`);
  };
  const begin = (): Promise<void> => {
    const own: Life = { touched: [], over: false, starting: Promise.resolve(), ready: Promise.resolve() };
    life = own;
    own.starting = startInOrder(own);
    own.ready = own.starting.catch(async (error: unknown) => {
      await settled(end(own));
      throw error;
    });
    return own.ready;
  };
  return {
    name,
    start: () => life?.ready ?? begin(),
    stop: () => (life === undefined ? stopping : end(life)),
  };
};
