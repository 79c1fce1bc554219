/** A service that is put together while it starts: each part is opened with what the parts before it gave. */
import type { Service } from './service';

/** Starts a part and keeps it, to be stopped in reverse order; rejects once the whole is being stopped. */
export type Include = <S extends Service>(part: S) => Promise<S>;

/**
 * `assemble` runs at each start and hands every part to `include`. When it fails, or `stop` comes while it runs, what was
 * included is stopped and `start` rejects. `stopping` is aborted by the stop: whatever waits should give up then.
 */
export const assembled = (name: string, assemble: (include: Include, stopping: AbortSignal) => Promise<void>): Service => {
  const stopping = new AbortController();
  const parts: Service[] = [];
  let starting: Promise<void> | undefined;
  let ending: Promise<void> | undefined;

  const include: Include = async (part) => {
    if (stopping.signal.aborted) throw new Error(`${name} was stopped while it was starting`);
    parts.push(part);
    await part.start();
    return part;
  };
  const end = async (): Promise<void> => {
    stopping.abort();
    await starting?.catch(() => undefined);
    const errors: unknown[] = [];
    for (const part of parts.splice(0).reverse()) await part.stop().catch((error: unknown) => errors.push(error));
    if (errors.length > 0) throw new AggregateError(errors, `${name} could not stop everything`);
  };
  return {
    name,
    start: () => (starting ??= assemble(include, stopping.signal)),
    stop: () => (ending ??= end()),
  };
};

/** A part that is opened and closed, as a service. */
export const resource = (name: string, close: () => Promise<void>): Service => ({ name, start: () => Promise.resolve(), stop: close });
