/** One life contract for everything that lives. */

/**
 * Something that runs until it is stopped. `start` resolves when it is ready; `stop` resolves when nothing of it runs
 * any more, may be called at any time, also before or during `start`, and more than once.
 */
export interface Service {
  readonly name: string;
  start(): Promise<void>;
  stop(): Promise<void>;
}
